-- The grid in PostgreSQL with PostGIS. The extension is created before the first step (it may need a superuser).
--
-- Every primary key begins with street_code, so that the tables can be distributed by it.
-- Codes and ids are text under the collation "C": they sort by bytes, as the program sorts them.
-- There are no foreign keys: the repository writes a street's rows under its revision row, and an old plan keeps its
-- members when a later household list no longer has them.
-- Every geometry is longitude/latitude in degrees, EPSG:4326, each ordinate a whole multiple of 1e-7 degree (about 1 cm).
-- Times are kept to the millisecond.

-- One row a street: its revision. A commit locks this row, so versions are gap-free and in commit order.
CREATE TABLE revisions (
    street_code text COLLATE "C" PRIMARY KEY, -- 9 digits; 000000000 holds issues outside every street
    version bigint NOT NULL,                  -- revision, 0 before the first commit
    changed_at timestamptz NOT NULL           -- when it was committed
);

-- The change log, one row a commit.
CREATE TABLE changes (
    street_code text COLLATE "C" NOT NULL, -- the street that changed
    version bigint NOT NULL,               -- the revision this commit made
    committed_at timestamptz NOT NULL,     -- when
    what text NOT NULL,                    -- what was done: "import survey", "plan", …
    rows_by_kind json NOT NULL,            -- rows touched: {"households": 40000}
    PRIMARY KEY (street_code, version)
);

-- Boundaries given from outside: the street itself, communities and cells to be kept.
CREATE TABLE areas (
    street_code text COLLATE "C" NOT NULL,
    area_code text COLLATE "C" NOT NULL,           -- the area's own code
    level text NOT NULL,                           -- street, community or cell
    name text NOT NULL,                            -- for people, may be empty
    geom geometry(MultiPolygon, 4326) NOT NULL,    -- the given boundary
    PRIMARY KEY (street_code, area_code)
);
CREATE INDEX areas_geom ON areas USING gist (geom);

-- Roads, rivers, railways, boundaries: the base map and the barriers of planning.
CREATE TABLE lines (
    street_code text COLLATE "C" NOT NULL,
    line_id text COLLATE "C" NOT NULL,          -- unique within the street
    class text NOT NULL,                        -- arterial, secondary, local, alley, dead_end, river, railway, boundary
    name text,                                  -- for people
    geom geometry(LineString, 4326) NOT NULL,   -- the centre line
    PRIMARY KEY (street_code, line_id)
);
CREATE INDEX lines_geom ON lines USING gist (geom);

-- Water areas: base map only.
CREATE TABLE waters (
    street_code text COLLATE "C" NOT NULL,
    water_id text COLLATE "C" NOT NULL,            -- unique within the street
    name text,                                     -- for people
    geom geometry(MultiPolygon, 4326) NOT NULL,    -- the outline
    PRIMARY KEY (street_code, water_id)
);
CREATE INDEX waters_geom ON waters USING gist (geom);

-- Buildings.
CREATE TABLE buildings (
    street_code text COLLATE "C" NOT NULL,
    building_id text COLLATE "C" NOT NULL,         -- unique within the street
    name text,                                     -- for people
    purpose text,                                  -- residential, commercial, … in the source's word
    levels bigint,                                 -- storeys above ground
    declared_households bigint,                    -- households the source declares
    address text,                                  -- street address without unit and floor
    geom geometry(MultiPolygon, 4326) NOT NULL,    -- the footprint
    PRIMARY KEY (street_code, building_id)
);
CREATE INDEX buildings_geom ON buildings USING gist (geom);

-- Households. No names, no telephone numbers, no ID numbers.
CREATE TABLE households (
    street_code text COLLATE "C" NOT NULL,
    household_id text COLLATE "C" NOT NULL,  -- unique within the street
    building_id text COLLATE "C",            -- where it lives, if the building is known
    unit text,                               -- stairwell or unit (单元)
    floor bigint,                            -- storey, 1 is the ground floor
    persons bigint,                          -- persons, where known
    address text,                            -- down to the door
    estimated boolean NOT NULL,              -- derived from the building's size
    geom geometry(Point, 4326) NOT NULL,     -- where it lives
    PRIMARY KEY (street_code, household_id)
);
CREATE INDEX households_geom ON households USING gist (geom);

-- Issues (事件/诉求), under the street they were filed in.
CREATE TABLE issues (
    street_code text COLLATE "C" NOT NULL,
    issue_id text COLLATE "C" NOT NULL,      -- unique in the store
    category text NOT NULL,                  -- in the source's word
    status text NOT NULL,                    -- open, in_progress, closed
    reported_at timestamptz NOT NULL,
    closed_at timestamptz,
    description text,                        -- free text
    geom geometry(Point, 4326) NOT NULL,     -- where it is
    PRIMARY KEY (street_code, issue_id)
);
CREATE INDEX issues_geom ON issues USING gist (geom);

-- Plans of a street, as versions.
CREATE TABLE plans (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,          -- number within the street, from 1, never reused
    name text NOT NULL,               -- for people
    state text NOT NULL,              -- draft, published, superseded
    valid_from date,                  -- first day in force
    valid_to date,                    -- first day no longer in force
    created_at timestamptz NOT NULL,
    parameters json NOT NULL,         -- the planner's parameters, text kept as it came
    estimated boolean NOT NULL,       -- its households were estimated from buildings
    PRIMARY KEY (street_code, plan_id)
);

-- Communities (社区/村) of a plan.
CREATE TABLE communities (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    community_code text COLLATE "C" NOT NULL,      -- 12 digits; a prefix of its cells' codes
    name text NOT NULL,
    geom geometry(MultiPolygon, 4326) NOT NULL,    -- derived from the blocks for those who look at the table; never read back
    PRIMARY KEY (street_code, plan_id, community_code)
);
CREATE INDEX communities_geom ON communities USING gist (geom);

-- Cells (网格单元) of a plan.
CREATE TABLE cells (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    cell_code text COLLATE "C" NOT NULL,           -- 15 digits
    name text NOT NULL,
    kind text NOT NULL,                            -- basic, dedicated
    geom geometry(MultiPolygon, 4326) NOT NULL,    -- derived from the blocks for those who look at the table; never read back
    PRIMARY KEY (street_code, plan_id, cell_code)
);
CREATE INDEX cells_geom ON cells USING gist (geom);

-- Blocks (街区) of a plan: the atoms; they tile the street and share their boundaries vertex for vertex.
CREATE TABLE blocks (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    block_index bigint NOT NULL,                -- place in the plan's list, from 0
    cell_code text COLLATE "C" NOT NULL,        -- the cell it belongs to
    geom geometry(Polygon, 4326) NOT NULL,
    PRIMARY KEY (street_code, plan_id, block_index)
);
CREATE INDEX blocks_geom ON blocks USING gist (geom);

-- Ten-household groups (十联户) of a plan.
CREATE TABLE groups (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    group_code text COLLATE "C" NOT NULL,            -- 18 digits; the cell's code is a prefix
    head_household_id text COLLATE "C" NOT NULL,     -- the head (联户长)
    PRIMARY KEY (street_code, plan_id, group_code)
);

-- Which group a household is in; the key says that it is in one only.
CREATE TABLE memberships (
    street_code text COLLATE "C" NOT NULL,
    plan_id bigint NOT NULL,
    household_id text COLLATE "C" NOT NULL,
    group_code text COLLATE "C" NOT NULL,
    member_index bigint NOT NULL,     -- place in the group's list, from 0
    PRIMARY KEY (street_code, plan_id, household_id)
);

-- Level 1 for those who open the database in a GIS.
CREATE VIEW streets AS
SELECT street_code, name, geom FROM areas WHERE level = 'street';
