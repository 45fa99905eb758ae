"""The reference pages' tables, made from the code that they describe."""
