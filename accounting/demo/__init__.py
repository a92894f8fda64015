"""The demo organisation and its traffic: believable people, lines, prices and UCM record files, made from a seed."""
