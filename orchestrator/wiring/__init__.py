"""The room that names concrete classes and puts them together; it holds no logic.

`runs` starts and resumes runs, `apart` starts those that are none of the folder's, `reading` gives what is
recorded of one, `commands` reaches one that is going, `foresight` says what one would do, `checks` is what
`doctor` asks.
"""
