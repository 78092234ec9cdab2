-- migrate_new(): the next free version, and a template in the project's format.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'new';

-- of a new project: a time, and a file with all sections, which reads back
SELECT path ~ '^20\d{12}_add_users\.sql$' AS path, regexp_replace(content, '\d{14}', 'TIME') AS content FROM migrate_new('Add users');
SELECT r.name, r.action FROM migrate_new('add users') n, migrate_register_file(n.path, n.content) r;
SELECT path ~ '^20\d{12}_x\.sql$' AS path FROM migrate_new('x');
SELECT migrate_unregister(version) FROM migrate_status;
SELECT path FROM migrate_new('x', 'number');

-- as the last one: width, dots, times
SELECT migrate_register('009', 'nine', '');
SELECT path FROM migrate_new('ten');
SELECT migrate_register('1.9', 'dot', '');
SELECT path FROM migrate_new('ten');
SELECT migrate_register('999', 'nines', '');
SELECT path FROM migrate_new('more');
SELECT path ~ '^20\d{12}_x\.sql$' AS path FROM migrate_new('x', 'timestamp');
SELECT migrate_register('29990101000000', 'future', '');
SELECT path FROM migrate_new('after');

-- every format's template is a migration of that format
SELECT migrate_unregister(version) FROM migrate_status;
DO $$
DECLARE
	f text;
	n record;
	r record;
	i int := 0;
BEGIN
	FOREACH f IN ARRAY '{native,golang-migrate,goose,diesel,prisma,flyway,plain}'::text[] LOOP
		i := i + 1;
		FOR n IN SELECT * FROM migrate_new('Add x', f) LOOP
			n.path := regexp_replace(n.path, '\d{4}-?\d\d-?\d\d-?\d{6}', '20200101' || lpad(i::text, 6, '0'));
			FOR r IN SELECT * FROM migrate_register_file('db/' || n.path, n.content) LOOP
				RAISE WARNING '% % % % %', f, n.path, r.version, r.name, r.action;
			END LOOP;
		END LOOP;
	END LOOP;
END $$;
SELECT version, format, reversible FROM migrate_status JOIN (SELECT version, format FROM migrate_migration WHERE project = 'new') m USING (version) ORDER BY version;

-- what it cannot be
SELECT * FROM migrate_new(NULL);
SELECT * FROM migrate_new('');
SELECT * FROM migrate_new('  ');
SELECT * FROM migrate_new('x', 'nosuch');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM migrate_new('äöü');
