"""The photograph: what lies in the folder, what the file says, and its pixels as 8-bit sRGB."""
