"""What holds for all tests."""

import signal

# A shell starts what runs in the background with interruptions ignored, and processes inherit that: the tests of
# `oracle watch`, which interrupt it, would wait for ever. What Python handles is not inherited.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
