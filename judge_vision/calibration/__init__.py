"""How far scores agree with marks that people gave, and a way from scores to marks."""
