"""A pipeline of SageMaker: package and check the models of neopack.toml, then compile them.

    python pipeline.py --role ARN --image URI --bucket NAME          # create or update it
    python pipeline.py --role ARN --image URI --bucket NAME --show   # only print its definition

Written by neopack init; pipeline/ has the commands of its steps. The image needs Python 3.11 or
newer. The role reads and writes the bucket, runs processing jobs, and creates compilation jobs:
neopack init aws writes such policies. Needs sagemaker>=2.200,<3.
"""

import argparse
import json
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACE = "/opt/ml/processing"
LEFT_OUT = {".cache", ".git", ".venv", "build"}


def packed_project(folder):
    """The project as an archive in ``folder``, without what builds write."""
    path = Path(folder, "project.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        for each in sorted(HERE.iterdir()):
            if each.name not in LEFT_OUT:
                archive.add(each, each.name)
    return path


def define(project, role, image, bucket, instance, session):
    from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
    from sagemaker.workflow.pipeline import Pipeline
    from sagemaker.workflow.pipeline_context import PipelineSession
    from sagemaker.workflow.steps import ProcessingStep

    session = session or PipelineSession()
    archives, compiled = (f"s3://{bucket}/neopack/{name}" for name in ("archives", "compiled"))

    def step(name, script, **connections):
        processor = ScriptProcessor(
            image_uri=image,
            command=["/bin/sh"],
            role=role,
            instance_count=1,
            instance_type=instance,
            env={"ROLE": role, "OUTPUT": compiled},
            sagemaker_session=session,
        )
        arguments = processor.run(code=str(HERE / "pipeline" / script), **connections)
        return ProcessingStep(name=name, step_args=arguments)

    package = step(
        "PackageAndCheck",
        "package.sh",
        inputs=[ProcessingInput(source=str(project), destination=f"{PLACE}/input/project")],
        outputs=[
            ProcessingOutput(
                output_name="archives", source=f"{PLACE}/output/archives", destination=archives
            )
        ],
    )
    compilation = step(
        "Compile",
        "compile.sh",
        inputs=[ProcessingInput(source=archives, destination=f"{PLACE}/input/archives")],
    )
    compilation.add_depends_on([package])
    return Pipeline(name="neopack", steps=[package, compilation], sagemaker_session=session)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--role", "--image", "--bucket"):
        parser.add_argument(name, required=True)
    parser.add_argument("--instance", default="ml.m5.xlarge")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = packed_project(folder)
        pipeline = define(
            project, given.role, given.image, given.bucket, given.instance, session=None
        )
        if given.show:
            print(json.dumps(json.loads(pipeline.definition()), indent=2))
        else:
            pipeline.upsert(role_arn=given.role)


if __name__ == "__main__":
    main()
