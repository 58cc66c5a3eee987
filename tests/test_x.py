import sys, threading, warnings
def test_a(): assert sys.flags.dev_mode and "error" in sys.warnoptions and threading.current_thread() is threading.main_thread()
