"""python -m vaedemo COMMAND"""

try:
    from vaedemo.cli import main

    main()
except KeyboardInterrupt:  # before there was anything to stop
    raise SystemExit(130) from None
