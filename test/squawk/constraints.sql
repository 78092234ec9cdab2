-- == adding-foreign-key-constraint: of a new table, in a block
BEGIN;
CREATE TABLE coupon (
	id bigint GENERATED ALWAYS AS IDENTITY,
	customer bigint,
	PRIMARY KEY (id),
	CONSTRAINT coupon_customer FOREIGN KEY (customer) REFERENCES customer (id)
);
COMMIT;
-- == adding-foreign-key-constraint: of a new table's column
CREATE TABLE coupon (
	id bigserial NOT NULL,
	customer bigint NOT NULL REFERENCES customer (id) ON DELETE CASCADE
);
-- == adding-foreign-key-constraint [transaction]: of a table that the migration makes
CREATE TABLE coupon (id bigint NOT NULL, customer bigint NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT coupon_customer FOREIGN KEY (customer) REFERENCES customer (id);
-- == adding-foreign-key-constraint: of a table that the block makes
BEGIN;
CREATE TABLE coupon (id bigint NOT NULL, customer bigint NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT coupon_customer FOREIGN KEY (customer) REFERENCES customer (id);
COMMIT;
-- == adding-foreign-key-constraint: not valid, and validated
BEGIN;
ALTER TABLE item ADD COLUMN customer bigint;
ALTER TABLE item ADD CONSTRAINT item_customer FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE item VALIDATE CONSTRAINT item_customer;
COMMIT;
-- == adding-foreign-key-constraint: valid at once
BEGIN;
ALTER TABLE item ADD COLUMN customer bigint;
ALTER TABLE item ADD CONSTRAINT item_customer FOREIGN KEY (customer) REFERENCES customer (id);
COMMIT;
-- == adding-foreign-key-constraint: alone
ALTER TABLE purchase ADD CONSTRAINT purchase_customer_fkey FOREIGN KEY (customer) REFERENCES customer (id);
-- == adding-foreign-key-constraint: of a new column
-- differs: the new column is null in every row: no row is read
BEGIN;
ALTER TABLE item ADD COLUMN customer bigint REFERENCES customer (id);
COMMIT;
-- == adding-foreign-key-constraint: of a new column with a default
ALTER TABLE item ADD COLUMN customer bigint DEFAULT 1 REFERENCES customer (id);
-- == constraint-missing-not-valid: not valid, and validated in the block
BEGIN;
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
COMMIT;
-- == constraint-missing-not-valid [transaction]: not valid, and validated in the migration
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
-- == constraint-missing-not-valid [transaction]: ... that ends with a COMMIT
-- differs: it ends no transaction: each statement before it committed by itself
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
COMMIT;
-- == constraint-missing-not-valid: a foreign key
-- ours: adding-foreign-key-constraint
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id);
-- == constraint-missing-not-valid: a foreign key, not valid, and validated in a transaction of its own
BEGIN;
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
COMMIT;
-- == constraint-missing-not-valid: a foreign key, not valid, and validated by the next statement
-- differs: a migration without a block of its own is one transaction
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
-- == constraint-missing-not-valid: a foreign key, not valid, and validated by the next statement, outside of blocks
BEGIN;
SELECT 1;
COMMIT;
ALTER TABLE purchase ADD CONSTRAINT purchase_of FOREIGN KEY (customer) REFERENCES customer (id) NOT VALID;
ALTER TABLE purchase VALIDATE CONSTRAINT purchase_of;
-- == constraint-missing-not-valid [transaction]: a check
ALTER TABLE customer ADD CONSTRAINT visited CHECK (visits >= 0);
-- == constraint-missing-not-valid: a check, not valid, and validated in a transaction of its own
BEGIN;
ALTER TABLE customer ADD CONSTRAINT visited CHECK (visits >= 0) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE customer VALIDATE CONSTRAINT visited;
COMMIT;
-- == constraint-missing-not-valid: a check of a table that the block makes
BEGIN;
CREATE TABLE coupon (id bigint PRIMARY KEY, percent integer NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT coupon_percent CHECK (percent <= 100);
COMMIT;
-- == constraint-missing-not-valid [transaction]: a check of a table that the migration makes
CREATE TABLE coupon (id bigint PRIMARY KEY, percent integer NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT coupon_percent CHECK (percent <= 100);
-- == constraint-missing-not-valid: a unique constraint of an index
ALTER TABLE customer ADD CONSTRAINT email_once UNIQUE USING INDEX customer_email;
-- == constraint-missing-not-valid: a unique constraint
-- differs: a UNIQUE constraint cannot be NOT VALID (0A000); disallowed-unique-constraint it is
ALTER TABLE purchase ADD CONSTRAINT note_once UNIQUE (note);
-- == constraint-missing-not-valid: a primary key of an index
ALTER TABLE item ADD CONSTRAINT item_pkey PRIMARY KEY USING INDEX item_id;
-- == disallowed-unique-constraint: as such
ALTER TABLE purchase ADD CONSTRAINT note_once UNIQUE (note);
-- == disallowed-unique-constraint: dropped
ALTER TABLE customer DROP CONSTRAINT customer_balance;
-- == disallowed-unique-constraint: a primary key of an index
CREATE UNIQUE INDEX CONCURRENTLY customer_new_key ON customer (id);
ALTER TABLE customer DROP CONSTRAINT customer_pkey,
	ADD CONSTRAINT customer_pkey PRIMARY KEY USING INDEX customer_new_key;
-- == disallowed-unique-constraint: of an index
CREATE UNIQUE INDEX CONCURRENTLY purchase_note ON purchase (note);
ALTER TABLE purchase ADD CONSTRAINT note_once UNIQUE USING INDEX purchase_note;
-- == disallowed-unique-constraint: of a table that the block makes
BEGIN;
CREATE TABLE coupon (id bigint PRIMARY KEY, code text NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT code_once UNIQUE (code);
COMMIT;
-- == disallowed-unique-constraint [transaction]: of a table that the migration makes
CREATE TABLE coupon (id bigint PRIMARY KEY, code text NOT NULL);
ALTER TABLE coupon ADD CONSTRAINT code_once UNIQUE (code);
-- == disallowed-unique-constraint: of a new column, with a name
ALTER TABLE item ADD COLUMN sku text CONSTRAINT item_sku UNIQUE;
-- == disallowed-unique-constraint: of a new column
ALTER TABLE item ADD COLUMN sku text UNIQUE;
-- == adding-serial-primary-key-field: of a new column
ALTER TABLE item ADD COLUMN number serial PRIMARY KEY;
-- == adding-serial-primary-key-field: as such
ALTER TABLE item ADD PRIMARY KEY (id);
-- == adding-serial-primary-key-field: of an index
ALTER TABLE item ADD CONSTRAINT item_pkey PRIMARY KEY USING INDEX item_id;
-- == ban-alter-domain-with-add-constraint: a check
-- ours: alter-domain-scan
ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0);
-- == ban-alter-domain-with-add-constraint: a check, ignored
-- ours: alter-domain-scan
-- squawk-ignore ban-alter-domain-with-add-constraint
ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0);
-- == ban-alter-domain-with-add-constraint: a check that is not valid
-- ours: alter-domain-scan
-- differs: NOT VALID reads and locks no table
ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0) NOT VALID;
-- == ban-alter-domain-with-add-constraint: a check of one that no table uses
-- ours: alter-domain-scan
-- differs: no column is of the domain
ALTER DOMAIN code ADD CONSTRAINT short CHECK (length(value) < 10);
-- == ban-alter-domain-with-add-constraint: anything else
-- ours: alter-domain-scan
-- differs: SET NOT NULL and VALIDATE CONSTRAINT read the tables that use the domain under ShareLock
ALTER DOMAIN amount SET NOT NULL;
ALTER DOMAIN percentage RENAME CONSTRAINT limits TO bounds;
ALTER DOMAIN percentage VALIDATE CONSTRAINT bounds;
ALTER DOMAIN percentage DROP CONSTRAINT bounds;
ALTER DOMAIN amount RENAME TO money_amount;
ALTER DOMAIN code SET SCHEMA public;
-- == ban-create-domain-with-constraint: a check
CREATE DOMAIN rate AS numeric(15, 5) CHECK (value > 0);
-- == ban-create-domain-with-constraint: two of them
CREATE DOMAIN rate AS numeric CHECK (value > 0) NOT NULL;
-- == ban-create-domain-with-constraint: none
CREATE DOMAIN title AS text;
CREATE DOMAIN subtitle AS character varying;
