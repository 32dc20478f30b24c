-- Drafts that are changed step by step, and the log of their steps.

-- In a draft: no command changes the cell's ground.
ALTER TABLE cells ADD COLUMN locked BOOLEAN NOT NULL DEFAULT 0;

ALTER TABLE plans ADD COLUMN owner TEXT; -- whose draft it is, as they call themselves
ALTER TABLE plans ADD COLUMN base_plan INTEGER; -- plan_id of the plan it was copied or drawn again from
ALTER TABLE plans ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- how many steps have led here

-- blocks.block_index is the block's own number within the plan from now on, no longer its place in the plan's list. The
-- blocks of a step's cells are looked for by their cell.
CREATE INDEX blocks_of_cell ON blocks (street_code, plan_id, cell_code);

-- The log of a draft: commands as they were given, what became of them, and the rows they changed.
CREATE TABLE edits (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    edit_number INTEGER NOT NULL, -- number within the draft, from 1, without gaps
    standing TEXT NOT NULL, -- done, undone, dropped (undone, and something else was done since)
    made_at DATETIME NOT NULL, -- when it was given
    who TEXT, -- who gave it, as they call themselves
    why TEXT, -- why, in their words
    idempotency_key TEXT, -- names the request, so that one that is sent twice is done once
    command TEXT NOT NULL, -- the command as it was given, JSON
    answer TEXT NOT NULL, -- what was answered, JSON
    patch TEXT NOT NULL, -- the rows it changes, before and after, JSON; positions in 1e-7 degree
    UNIQUE (street_code, plan_id, edit_number)
);
CREATE INDEX edits_undone ON edits (street_code, plan_id) WHERE standing = 'undone';

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
    ('edits', 'attributes', 'edits', 'The log of a draft: commands, what became of them, and the rows they changed.', NULL);
