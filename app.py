"""The page. `python app.py` starts it on http://127.0.0.1:7860 (PORT=8000 for another port); a hosted Space runs it
as it is. Importing it builds the page and neither writes, downloads nor trains anything."""

import os

from vaedemo.errors import VaedemoError
from vaedemo.ui.server.listen import settle, stop

if __name__ == "__main__":
    where = settle(os.environ)

from vaedemo.ui.app import build, main  # only now: importing Gradio takes seconds, and reads the environment

try:
    demo = build()
except VaedemoError as error:  # of the folder of the models
    if __name__ != "__main__":
        raise
    stop(error)

if __name__ == "__main__":
    main(demo, where)
