-- The grid as an OGC GeoPackage 1.4 on SQLite, so that QGIS and ogrinfo open the live file as it is.
--
-- GeoPackage wants one INTEGER PRIMARY KEY (fid) a feature table; the key the program uses is the UNIQUE one, which
-- begins with street_code, as every primary key does in PostgreSQL.
-- There is no R-tree on purpose: its triggers call ST_IsEmpty, which a plain SQLite does not have, and would make every
-- write fail. Indexed copies are made by `wangge export … --format gpkg`.
-- There are no foreign keys: the repository writes a street's rows under its revision row, and an old plan keeps its
-- members when a later household list no longer has them.
-- Every geometry is a GeoPackage blob, longitude/latitude in degrees, EPSG:4326, each ordinate a whole multiple of
-- 1e-7 degree (about 1 cm). DATETIME is text in UTC to the millisecond, DATE is text YYYY-MM-DD, BOOLEAN is 0 or 1.

-- "GPKG", version 1.4.
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10400;

-- Coordinate systems (GeoPackage, gpkg_spatial_ref_sys).
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL,
    srs_id INTEGER PRIMARY KEY,
    organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL,
    definition TEXT NOT NULL,
    description TEXT
);
INSERT INTO gpkg_spatial_ref_sys VALUES
    ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
    ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
    ('WGS 84 geodetic', 4326, 'EPSG', 4326,
     'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]',
     'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');

-- What a GIS finds in the file (GeoPackage, gpkg_contents). Extents are in degrees and only grow.
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY,
    data_type TEXT NOT NULL,
    identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    min_x DOUBLE,
    min_y DOUBLE,
    max_x DOUBLE,
    max_y DOUBLE,
    srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

-- Which column is the geometry (GeoPackage, gpkg_geometry_columns).
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL,
    m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

-- One row a street: its revision. A commit locks this row, so versions are gap-free and in commit order.
CREATE TABLE revisions (
    street_code TEXT PRIMARY KEY, -- 9 digits; 000000000 holds issues outside every street
    version INTEGER NOT NULL, -- revision, 0 before the first commit
    changed_at DATETIME NOT NULL -- when it was committed
);

-- The change log, one row a commit.
CREATE TABLE changes (
    street_code TEXT NOT NULL, -- the street that changed
    version INTEGER NOT NULL, -- the revision this commit made
    committed_at DATETIME NOT NULL, -- when
    what TEXT NOT NULL, -- what was done: "import survey", "plan", …
    rows_by_kind TEXT NOT NULL, -- rows touched: {"households": 40000}
    PRIMARY KEY (street_code, version)
);

-- Boundaries given from outside: the street itself, communities and cells to be kept.
CREATE TABLE areas (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    area_code TEXT NOT NULL, -- the area's own code
    level TEXT NOT NULL, -- street, community or cell
    name TEXT NOT NULL, -- for people, may be empty
    geom MULTIPOLYGON NOT NULL, -- the given boundary
    UNIQUE (street_code, area_code)
);

-- Roads, rivers, railways, boundaries: the base map and the barriers of planning.
CREATE TABLE lines (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    line_id TEXT NOT NULL, -- unique within the street
    class TEXT NOT NULL, -- arterial, secondary, local, alley, dead_end, river, railway, boundary
    name TEXT, -- for people
    geom LINESTRING NOT NULL, -- the centre line
    UNIQUE (street_code, line_id)
);

-- Water areas: base map only.
CREATE TABLE waters (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    water_id TEXT NOT NULL, -- unique within the street
    name TEXT, -- for people
    geom MULTIPOLYGON NOT NULL, -- the outline
    UNIQUE (street_code, water_id)
);

-- Buildings.
CREATE TABLE buildings (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    building_id TEXT NOT NULL, -- unique within the street
    name TEXT, -- for people
    purpose TEXT, -- residential, commercial, … in the source's word
    levels INTEGER, -- storeys above ground
    declared_households INTEGER, -- households the source declares
    address TEXT, -- street address without unit and floor
    geom MULTIPOLYGON NOT NULL, -- the footprint
    UNIQUE (street_code, building_id)
);

-- Households. No names, no telephone numbers, no ID numbers.
CREATE TABLE households (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    household_id TEXT NOT NULL, -- unique within the street
    building_id TEXT, -- where it lives, if the building is known
    unit TEXT, -- stairwell or unit (单元)
    floor INTEGER, -- storey, 1 is the ground floor
    persons INTEGER, -- persons, where known
    address TEXT, -- down to the door
    estimated BOOLEAN NOT NULL, -- derived from the building's size
    geom POINT NOT NULL, -- where it lives
    UNIQUE (street_code, household_id)
);

-- Issues (事件/诉求), under the street they were filed in.
CREATE TABLE issues (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    issue_id TEXT NOT NULL, -- unique in the store
    category TEXT NOT NULL, -- in the source's word
    status TEXT NOT NULL, -- open, in_progress, closed
    reported_at DATETIME NOT NULL,
    closed_at DATETIME,
    description TEXT, -- free text
    geom POINT NOT NULL, -- where it is
    UNIQUE (street_code, issue_id)
);

-- Plans of a street, as versions.
CREATE TABLE plans (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL, -- number within the street, from 1, never reused
    name TEXT NOT NULL, -- for people
    state TEXT NOT NULL, -- draft, published, superseded
    valid_from DATE, -- first day in force
    valid_to DATE, -- first day no longer in force
    created_at DATETIME NOT NULL,
    parameters TEXT NOT NULL, -- the planner's parameters, text kept as it came
    estimated BOOLEAN NOT NULL, -- its households were estimated from buildings
    UNIQUE (street_code, plan_id)
);

-- Communities (社区/村) of a plan.
CREATE TABLE communities (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    community_code TEXT NOT NULL, -- 12 digits; a prefix of its cells' codes
    name TEXT NOT NULL,
    geom MULTIPOLYGON NOT NULL, -- derived from the blocks for those who look at the table; never read back
    UNIQUE (street_code, plan_id, community_code)
);

-- Cells (网格单元) of a plan.
CREATE TABLE cells (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    cell_code TEXT NOT NULL, -- 15 digits
    name TEXT NOT NULL,
    kind TEXT NOT NULL, -- basic, dedicated
    geom MULTIPOLYGON NOT NULL, -- derived from the blocks for those who look at the table; never read back
    UNIQUE (street_code, plan_id, cell_code)
);

-- Blocks (街区) of a plan: the atoms; they tile the street and share their boundaries vertex for vertex.
CREATE TABLE blocks (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    block_index INTEGER NOT NULL, -- place in the plan's list, from 0
    cell_code TEXT NOT NULL, -- the cell it belongs to
    geom POLYGON NOT NULL,
    UNIQUE (street_code, plan_id, block_index)
);

-- Ten-household groups (十联户) of a plan.
CREATE TABLE groups (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    group_code TEXT NOT NULL, -- 18 digits; the cell's code is a prefix
    head_household_id TEXT NOT NULL, -- the head (联户长)
    UNIQUE (street_code, plan_id, group_code)
);

-- Which group a household is in; the key says that it is in one only.
CREATE TABLE memberships (
    fid INTEGER PRIMARY KEY,
    street_code TEXT NOT NULL,
    plan_id INTEGER NOT NULL,
    household_id TEXT NOT NULL,
    group_code TEXT NOT NULL,
    member_index INTEGER NOT NULL, -- place in the group's list, from 0
    UNIQUE (street_code, plan_id, household_id)
);

-- Level 1 for those who open the file in a GIS.
CREATE VIEW streets AS
SELECT fid AS OGC_FID, street_code, name, geom FROM areas WHERE level = 'street';

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
    ('areas', 'features', 'areas', 'Boundaries given from outside: the street itself, communities and cells to be kept.', 4326),
    ('lines', 'features', 'lines', 'Roads, rivers, railways, boundaries: the base map and the barriers of planning.', 4326),
    ('waters', 'features', 'waters', 'Water areas: base map only.', 4326),
    ('buildings', 'features', 'buildings', 'Buildings.', 4326),
    ('households', 'features', 'households', 'Households. No names, no telephone numbers, no ID numbers.', 4326),
    ('issues', 'features', 'issues', 'Issues (事件/诉求), under the street they were filed in.', 4326),
    ('communities', 'features', 'communities', 'Communities (社区/村) of a plan.', 4326),
    ('cells', 'features', 'cells', 'Cells (网格单元) of a plan.', 4326),
    ('blocks', 'features', 'blocks', 'Blocks (街区) of a plan: the atoms; they tile the street and share their boundaries vertex for vertex.', 4326),
    ('streets', 'features', 'streets', 'Streets (街道/乡镇), level 1.', 4326),
    ('plans', 'attributes', 'plans', 'Plans of a street, as versions.', NULL),
    ('groups', 'attributes', 'groups', 'Ten-household groups (十联户) of a plan.', NULL),
    ('memberships', 'attributes', 'memberships', 'Which group a household is in; the key says that it is in one only.', NULL);

INSERT INTO gpkg_geometry_columns VALUES
    ('areas', 'geom', 'MULTIPOLYGON', 4326, 0, 0),
    ('lines', 'geom', 'LINESTRING', 4326, 0, 0),
    ('waters', 'geom', 'MULTIPOLYGON', 4326, 0, 0),
    ('buildings', 'geom', 'MULTIPOLYGON', 4326, 0, 0),
    ('households', 'geom', 'POINT', 4326, 0, 0),
    ('issues', 'geom', 'POINT', 4326, 0, 0),
    ('communities', 'geom', 'MULTIPOLYGON', 4326, 0, 0),
    ('cells', 'geom', 'MULTIPOLYGON', 4326, 0, 0),
    ('blocks', 'geom', 'POLYGON', 4326, 0, 0),
    ('streets', 'geom', 'MULTIPOLYGON', 4326, 0, 0);
