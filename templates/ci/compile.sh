#!/bin/sh
# The second step of pipeline.py: compile each archive by a job of SageMaker.
set -eu
cd "${ARCHIVES:-/opt/ml/processing/input/archives}"
python3 -m pip install "@NEOPACK_AWS@"
find . -name '*.neopack.json' | sort | while read -r manifest; do
  neopack compile "${manifest%.neopack.json}.tar.gz" --backend sagemaker --role "$ROLE" --output "$OUTPUT"
done
