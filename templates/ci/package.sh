#!/bin/sh
# The first step of pipeline.py: package and check the models of neopack.toml.
set -eu
cd "${PROJECT:-/opt/ml/processing/input/project}"
if [ -f project.tar.gz ]; then tar xzf project.tar.gz; fi
python3 -m pip install "@NEOPACK@"
neopack build
archives="${ARCHIVES:-/opt/ml/processing/output/archives}"
mkdir -p "$archives"
cp -R build/. "$archives"
