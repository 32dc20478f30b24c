-- Drafts that are changed step by step, and the log of their steps.

-- In a draft: no command changes the cell's ground.
ALTER TABLE cells ADD COLUMN locked boolean NOT NULL DEFAULT false;

ALTER TABLE plans
    ADD COLUMN owner text,                          -- whose draft it is, as they call themselves
    ADD COLUMN base_plan bigint,                    -- plan_id of the plan it was copied or drawn again from
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;  -- how many steps have led here

-- blocks.block_index is the block's own number within the plan from now on, no longer its place in the plan's list. The
-- blocks of a step's cells are looked for by their cell.
CREATE INDEX blocks_of_cell ON blocks (street_code, plan_id, cell_code);

-- The log of a draft: commands as they were given, what became of them, and the rows they changed.
CREATE TABLE edits (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    edit_number bigint NOT NULL,      -- number within the draft, from 1, without gaps
    standing text NOT NULL,           -- done, undone, dropped (undone, and something else was done since)
    made_at timestamptz NOT NULL,     -- when it was given
    who text,                         -- who gave it, as they call themselves
    why text,                         -- why, in their words
    idempotency_key text,             -- names the request, so that one that is sent twice is done once
    command json NOT NULL,            -- the command as it was given
    answer json NOT NULL,             -- what was answered
    patch json NOT NULL,              -- the rows it changes, before and after; positions in 1e-7 degree
    PRIMARY KEY (street_code, plan_id, edit_number)
);
CREATE INDEX edits_undone ON edits (street_code, plan_id) WHERE standing = 'undone';
