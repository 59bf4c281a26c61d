"""What a task raises when what it was given is at fault, rather than a framework or itself."""


class Refusal(Exception):
    """One line that says what is wrong; ``hint`` says what to do."""

    def __init__(self, message, hint=""):
        super(Refusal, self).__init__(message)
        self.hint = hint
