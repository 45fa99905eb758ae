"""From the closing date to the results night: rulings, messages, the judge's pack, marks, results, agreement."""
