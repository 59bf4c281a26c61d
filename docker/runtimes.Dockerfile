# neopack with exact runtimes, for verify and for compile --engine tvm. RUNTIMES are names of
# neopack runtimes list, separated by spaces. From a checkout:
#
#     docker build -f docker/Dockerfile --build-arg EXTRAS=onnx,runtimes -t neopack:base .
#     docker build -f docker/runtimes.Dockerfile --build-arg BASE=neopack:base \
#         --build-arg RUNTIMES="onnx-1.7.0" -t neopack:runtimes .
ARG BASE=neopack:base
FROM ${BASE}
ARG RUNTIMES
ENV NEOPACK_HOME=/home/neopack/runtimes
# without quotes: each name is a word
RUN test -n "$RUNTIMES" && neopack runtimes install $RUNTIMES && neopack runtimes doctor $RUNTIMES
