#!/bin/sh
# The main job on a real model: the same five commands that the README shows.
set -eu
mkdir -p demo-out
cd demo-out
rm -f resnet50*
run() { echo; echo "\$ $*"; "$@"; }
run neopack package torchvision.models:resnet50 --input input0=1,3,224,224 --target ml_c5 -o resnet50.tar.gz
run neopack check resnet50.tar.gz --target ml_c5
run neopack compile resnet50.tar.gz --target ml_c5
run neopack run resnet50-ml_c5.tar.gz --random
run neopack bench resnet50-ml_c5.tar.gz --against resnet50.tar.gz
