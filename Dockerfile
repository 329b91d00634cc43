# The page in a container, which writes to /tmp alone and needs no network:
#   docker build -t vaedemo .
#   docker run --read-only --tmpfs /tmp:size=1g -p 7860:7860 vaedemo
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 visitor
WORKDIR /app

# PyTorch's CPU wheels first: ten times smaller than the ordinary ones, and a layer that seldom changes.
COPY pre-requirements.txt requirements.txt constraints.txt ./
RUN pip install --no-cache-dir -r pre-requirements.txt \
 && pip install --no-cache-dir -r requirements.txt -c constraints.txt

COPY app.py ./
COPY checkpoints checkpoints
COPY vaedemo vaedemo

USER visitor
ENV GRADIO_SERVER_NAME=0.0.0.0 PORT=7860 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp TMPDIR=/tmp GRADIO_TEMP_DIR=/tmp/uploads
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
CMD ["python", "app.py"]
