"""The page. `python app.py` starts it on http://127.0.0.1:7860 (PORT=8000 for another port); a hosted Space runs it
as it is. Importing it builds the page and neither writes, downloads nor trains anything."""

from vaedemo.ui.app import build, main

demo = build()

if __name__ == "__main__":
    main(demo)
