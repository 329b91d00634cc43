"""python -m vaedemo COMMAND"""

from vaedemo.cli import main

main()
