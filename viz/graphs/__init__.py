"""Pictures of graphs and passes, on their way: words, places, paint, formats."""
