-- The change log says which rows a small commit touched, so that a reader need not load the street again.
ALTER TABLE changes ADD COLUMN touched json; -- ids by kind: {"issues": ["E7"], "plans": ["3"]}; NULL: too many to say (an import)
