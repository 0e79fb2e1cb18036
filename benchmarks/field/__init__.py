"""The tools that people check gradients with today, beside this project: the same faulty and correct programs."""
