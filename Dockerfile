# The images of a class; classroom/deploy/README.md says which is for what.
#
#   docker build --target rnn-sandbox -t rnn-sandbox .    what students' code is graded in (classroom/sandbox/container.py): no course
#   docker build --target course -t rnn-course .          a student's server: the course without its solutions
#   docker build --target teacher -t rnn-teacher .        a teacher's server and grading jobs
#   docker build --target ngshare -t rnn-ngshare .        the exchange's service
#
# --build-arg TORCH=https://pypi.org/simple takes PyTorch with CUDA, for lab 12 on a GPU.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS rnn-sandbox
ARG TORCH=https://download.pytorch.org/whl/cpu
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/
# Everything that labs import; the course itself, `-e .`, is not in it.
RUN sed '/^-e /d' /tmp/requirements.txt > /tmp/packages.txt && pip install --extra-index-url ${TORCH} -r /tmp/packages.txt

FROM rnn-sandbox AS course
# The hub's own version: that of the chart in classroom/deploy/kubernetes/values.yaml.
ARG JUPYTERHUB=5.5.0
WORKDIR /srv/class
COPY pyproject.toml README.md LICENSE nbgrader_config.py ./
COPY classroom classroom
COPY rnncore rnncore
RUN pip install jupyterhub==${JUPYTERHUB} \
    && pip install --no-deps -r classroom/deploy/exchange.txt \
    && pip install --no-deps -e . \
    && useradd --uid 1000 --create-home learner \
    && rm -f /tmp/*.txt
USER 1000
WORKDIR /home/learner
CMD ["jupyterhub-singleuser"]

FROM course AS teacher
USER 0
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/class
COPY _config.yml ./
COPY book book
COPY solutions solutions
RUN mkdir -m 700 classroom-data && python solutions/build.py && chown -R 1000 .
USER 1000

FROM python:${PYTHON}-slim AS ngshare
COPY classroom/deploy/ngshare.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/ngshare.txt requests "jupyterhub<6"
USER 65534
ENTRYPOINT ["python", "-m", "ngshare"]
