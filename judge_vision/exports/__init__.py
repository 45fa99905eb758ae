"""Files for other programs and for people: score sheet, sidecars, contact sheet, results packs."""
