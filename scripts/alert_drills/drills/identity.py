"""Sign-ins, sessions, and who asks too often."""

from loads import guess, sign_in, unknown
from scene import drill
from stack import PASSWORD


@drill("passwords-tried", "SignInFailuresHigh")
def passwords_tried(d):
    """Passwords are tried from many addresses: here from one, which no limit keeps from it."""
    d.up(LIMIT_SIGN_IN=0)
    d.provoke(d.crowd(20, guess))


@drill("client-too-fast", "RateLimitedHigh")
def client_too_fast(d):
    """One client tries slugs, far more often than it may."""
    d.up()
    d.provoke(d.crowd(8, unknown))


@drill("signing-in-each-time", "SessionsGrowing")
def signing_in_each_time(d):
    """A program signs in for each of its requests."""
    d.up()
    d.provoke(d.crowd(20, sign_in(PASSWORD)))
