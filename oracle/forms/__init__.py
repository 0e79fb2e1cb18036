"""The forms in which hand-written backpropagation reaches us: functions, an object, one function with a loss."""
