# One image for every role: `worker` unless another command is given, such as `gateway`, `console`.
# Nothing is installed whose hash is not in requirements/image.txt, the build backend included.

FROM python:3.13-slim-trixie AS build
RUN python -m venv /opt/goeswith
WORKDIR /build
# The libraries come first: they change seldom, and this layer is kept while they do not.
COPY requirements/image.txt requirements/
RUN /opt/goeswith/bin/pip install --no-cache-dir --require-hashes -r requirements/image.txt
COPY LICENSE README.md pyproject.toml ./
COPY models models
COPY streams streams
RUN /opt/goeswith/bin/pip install --no-cache-dir --no-deps --no-build-isolation .
# The loops of the models, compiled for the processor that this is built on: on one of another kind
# each process compiles them anew, which takes a minute (or give NUMBA_CACHE_DIR a volume).
RUN /opt/goeswith/bin/python -m models.warm

FROM python:3.13-slim-trixie
COPY --from=build /opt/goeswith /opt/goeswith
ENV PATH=/opt/goeswith/bin:$PATH \
    PYTHONUNBUFFERED=1
# By number, so that an orchestrator can tell that it is not root.
USER 10001:10001
# The one place that is written to; with --read-only, give --tmpfs /tmp.
WORKDIR /tmp
ENTRYPOINT ["goeswith"]
CMD ["worker"]
