-- == adding-field-with-default: a constant
ALTER TABLE customer ADD COLUMN points integer DEFAULT 10;
-- == adding-field-with-default: a default of later
ALTER TABLE customer ADD COLUMN points integer;
ALTER TABLE customer ALTER COLUMN points SET DEFAULT 10;
-- == adding-field-with-default: a volatile function, beside something else
ALTER TABLE customer SET LOGGED, ADD COLUMN token text DEFAULT gen_random_uuid()::text;
-- == adding-field-with-default: a volatile function
ALTER TABLE customer ADD COLUMN token uuid DEFAULT gen_random_uuid();
-- == adding-field-with-default: another one
ALTER TABLE customer ADD COLUMN lot float8 DEFAULT random();
-- == adding-field-with-default: a boolean
ALTER TABLE customer ADD COLUMN active boolean DEFAULT true;
-- == adding-field-with-default: a string
ALTER TABLE customer ADD COLUMN language text DEFAULT 'en';
-- == adding-field-with-default: a value of an enum
ALTER TABLE item ADD COLUMN state state DEFAULT 'new';
-- == adding-field-with-default: a string with a cast
ALTER TABLE customer ADD COLUMN extra jsonb DEFAULT '{}'::jsonb;
-- == adding-field-with-default: a function of one's own
ALTER TABLE customer ADD COLUMN extra jsonb DEFAULT settings();
-- == adding-field-with-default: a function with an argument
-- differs: length() is immutable, so that the planner makes a constant of it: no row is written
ALTER TABLE customer ADD COLUMN letters integer DEFAULT length('abc');
-- == adding-field-with-default: a volatile function with an argument
ALTER TABLE customer ADD COLUMN seen timestamptz DEFAULT statement_timestamp() - make_interval(secs => random());
-- == adding-field-with-default: now()
ALTER TABLE customer ADD COLUMN seen timestamptz DEFAULT now();
-- == adding-field-with-default: arithmetic
ALTER TABLE customer ADD COLUMN four integer DEFAULT 2 + 2;
-- == adding-field-with-default: generated and stored
ALTER TABLE purchase ADD COLUMN net numeric GENERATED ALWAYS AS (pieces + 1) STORED;
-- == adding-field-with-default: an identity
-- ours: serial-rewrite
ALTER TABLE item ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
-- == adding-field-with-default: an identity, ignored
-- ours: serial-rewrite
-- squawk-ignore adding-field-with-default
ALTER TABLE item ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
-- == adding-not-nullable-field: an old column
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == adding-not-nullable-field: a new column with a default
BEGIN;
ALTER TABLE customer ADD COLUMN points integer DEFAULT 10 NOT NULL;
ALTER TABLE customer ALTER COLUMN points DROP DEFAULT;
COMMIT;
-- == adding-not-nullable-field: a new column without one
ALTER TABLE customer ADD COLUMN points integer NOT NULL;
-- == adding-not-nullable-field: a new column, NOT NULL at first
BEGIN;
ALTER TABLE customer ADD COLUMN points integer NOT NULL DEFAULT 10;
COMMIT;
-- == adding-not-nullable-field: proven by a check that was validated before
BEGIN;
ALTER TABLE customer ADD CONSTRAINT born_known CHECK (born IS NOT NULL) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE customer VALIDATE CONSTRAINT born_known;
COMMIT;
BEGIN;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
ALTER TABLE customer DROP CONSTRAINT born_known;
COMMIT;
-- == adding-not-nullable-field: proven by a check of an earlier migration
-- + ALTER TABLE customer ADD CONSTRAINT born_known CHECK (born IS NOT NULL)
-- differs: the valid CHECK that is there proves it: no row is read
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == adding-not-nullable-field: with a check of an earlier migration that this one validates
-- + ALTER TABLE customer ADD CONSTRAINT born_known CHECK (born IS NOT NULL) NOT VALID
ALTER TABLE customer VALIDATE CONSTRAINT born_known;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == adding-not-nullable-field: with a constraint of an earlier migration about something else
-- + ALTER TABLE customer ADD CONSTRAINT visited CHECK (visits >= 0) NOT VALID
-- differs: the constraint does not say that born is not null: all rows are read
ALTER TABLE customer VALIDATE CONSTRAINT visited;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == adding-not-nullable-field: with a constraint whose name is like one that would prove it
-- + ALTER TABLE customer ADD CONSTRAINT born_not_null CHECK (visits >= 0) NOT VALID
-- differs: its CHECK says nothing of born: all rows are read
ALTER TABLE customer VALIDATE CONSTRAINT born_not_null;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
-- == adding-not-nullable-field: with a check that was not validated
BEGIN;
ALTER TABLE customer ADD CONSTRAINT born_known CHECK (born IS NOT NULL) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
COMMIT;
-- == adding-not-nullable-field: with a check of another column
BEGIN;
ALTER TABLE customer ADD CONSTRAINT joined_known CHECK (joined IS NOT NULL) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE customer VALIDATE CONSTRAINT joined_known;
COMMIT;
BEGIN;
ALTER TABLE customer ALTER COLUMN born SET NOT NULL;
COMMIT;
-- == adding-not-nullable-field: of a table that the block makes
-- differs: the table is new: nobody can wait for it
BEGIN;
CREATE TABLE coupon (id bigint PRIMARY KEY, code text);
ALTER TABLE coupon ALTER COLUMN code SET NOT NULL;
COMMIT;
-- == adding-required-field: one that may be null
ALTER TABLE customer ADD COLUMN active boolean;
-- == adding-required-field: with a default
ALTER TABLE customer ADD COLUMN active boolean NOT NULL DEFAULT true;
-- == adding-required-field: without a default
ALTER TABLE customer ADD COLUMN active boolean NOT NULL;
-- == adding-required-field: generated, stored and NOT NULL
ALTER TABLE purchase ADD COLUMN net numeric GENERATED ALWAYS AS (pieces + 1) STORED NOT NULL;
-- == adding-required-field: generated and stored
ALTER TABLE purchase ADD COLUMN net numeric GENERATED ALWAYS AS (pieces + 1) STORED;
-- == changing-column-type: from a number to text
BEGIN;
ALTER TABLE purchase ALTER COLUMN pieces TYPE text USING pieces::text;
COMMIT;
-- == changing-column-type: shorter, and then to text
BEGIN;
ALTER TABLE customer ALTER COLUMN phone TYPE varchar(10) USING phone::varchar(10);
ALTER TABLE customer ALTER COLUMN phone TYPE text USING phone::text;
COMMIT;
-- == changing-column-type: longer
-- differs: from varchar(20) to varchar(40) no row is written or read
ALTER TABLE customer ALTER COLUMN phone TYPE varchar(40);
-- == changing-column-type: a larger number
ALTER TABLE purchase ALTER COLUMN pieces TYPE bigint;
-- == prefer-repack: CLUSTER
-- ours: table-rewrite
-- differs: CLUSTER writes the table anew under AccessExclusiveLock (squawk says so where there is a REPACK, from 19 on)
CLUSTER purchase USING purchase_pkey;
-- == prefer-repack: VACUUM FULL
-- ours: table-rewrite
-- differs: VACUUM FULL writes the table anew under AccessExclusiveLock (squawk says so where there is a REPACK, from 19 on)
VACUUM FULL purchase;
-- == prefer-repack: VACUUM
-- ours: table-rewrite
VACUUM purchase;
