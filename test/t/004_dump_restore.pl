# What pg_dump carries: migrations, state and history, from one database into
# another, also beside a schema-only dump and into another encoding; and what
# DROP EXTENSION leaves.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGCLIENTENCODING} = 'UTF8';

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->start;

my $directory = PostgreSQL::Test::Utils::tempdir;
my $dumps = PostgreSQL::Test::Utils::tempdir;

# Runs commands in a project.  Errors of psql() are part of what it returns.
sub safe
{
	my ($database, $project, $sql) = @_;

	return $node->safe_psql($database, "SET migrate.project = '$project'; $sql");
}

sub psql
{
	my ($database, $project, $sql) = @_;

	my ($code, $out, $err) = $node->psql(
		$database, "SET migrate.project = '$project';\n$sql",
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	# psql tells the C source's file and line as well
	$err =~ s/^(psql:<stdin>:\d+: |LOCATION:.*\n?)//mg;
	return "$out\n$err";
}

# migrate_register() of what is written between commas.
sub register
{
	my ($version, $name, $up, $down, $verify, $requires) = @_;

	return sprintf('SELECT migrate_register(%s, %s, %s, %s, %s, %s);',
		(map { defined $_ ? "\$m\$$_\$m\$" : 'NULL' } $version, $name, $up, $down, $verify),
		$requires // q('{}'));
}

sub write_file
{
	my ($name, $content) = @_;

	open(my $file, '>:raw', "$directory/$name") or die "$directory/$name: $!";
	print $file $content;
	close($file) or die "$directory/$name: $!";
}

# The project "default" has a bit of everything that can still go on.

my %default = (
	'001' => register('001', 'customers', 'CREATE TABLE customer (id int PRIMARY KEY, name text)'),
	'002' => register('002', 'orders', 'CREATE TABLE orders (id int PRIMARY KEY)', 'DROP TABLE orders'),
	'003' => register('003', 'größe',
		"CREATE TABLE größe (id int, note text);\nINSERT INTO größe VALUES (1, 'für später');",
		'DROP TABLE größe', 'SELECT count(*) = 1 FROM größe'),
	'003.1' => register('003.1', 'function',
		'CREATE FUNCTION answer() RETURNS text LANGUAGE sql AS $$SELECT \'zweiundvierzig, natürlich\'$$'),
	'004' => register('004', 'by hand', 'CREATE INDEX ON orders (id)', 'SELECT 1'),
	'005' => register('005', 'back', 'CREATE TABLE back (id int)', 'DROP TABLE back'),
	'006' => register('006', 'bestände', "CREATE TABLE stock (id int);\nINSERT INTO bestände VALUES (1)"),
	'007' => register('007', 'waits', 'CREATE TABLE waits (id int)', 'DROP TABLE waits', undef,
		q(ARRAY['003'])),
	'übersicht' => register(undef, 'übersicht',
		"CREATE OR REPLACE VIEW übersicht AS SELECT id AS größe FROM customer", 'DROP VIEW übersicht'),
	'stale' => register(undef, 'stale', 'CREATE OR REPLACE VIEW stale AS SELECT 1 AS one, 2 AS two'));
my @pending = ('005', '006', '007', 'stale');

# It may take several attempts to get there.
$node->safe_psql('postgres', 'CREATE DATABASE source; CREATE ROLE reader');
safe('source', 'default', q{
	CREATE EXTENSION migrate;
	CREATE TABLE customer (id int PRIMARY KEY, name text);
	INSERT INTO customer VALUES (1, 'Jürgen');
	CREATE TABLE orders (id int PRIMARY KEY)});
safe('source', 'default', "$default{'001'} $default{'002'} SELECT migrate_baseline('002')");
safe('source', 'default', $default{'003'} =~ s/CREATE/-- ein Kommentar\nCREATE/r
	  . register('003.1', 'function', 'SELECT 1')
	  . 'SELECT * FROM migrate_apply()');
safe('source', 'default', "$default{'003'} $default{'003.1'} SELECT migrate_repair('003.1')");
safe('source', 'default', 'CREATE FUNCTION answer() RETURNS text LANGUAGE sql AS $$SELECT \'zweiundvierzig, natürlich\'$$');
safe('source', 'default', qq{$default{'004'}
	SELECT migrate_mark('004', 'für später');
	SELECT migrate_unmark('004', 'war ein Irrtum');
	SELECT migrate_mark('004', 'doch nötig')});
safe('source', 'default', "$default{'005'} SELECT migrate_apply(); SELECT migrate_rollback()");
safe('source', 'default', "$default{'übersicht'}"
	  . register(undef, 'stale', 'CREATE VIEW stale AS SELECT 1 AS one')
	  . 'SELECT migrate_apply(); SELECT migrate_rollback(\'-1\')');
safe('source', 'default', "$default{'006'} $default{'007'} $default{'stale'}");
psql('source', 'default', 'SELECT migrate_apply()') for 1 .. 2;
safe('source', 'default', q{
	GRANT SELECT ON migrate_status, migrate_history, migrate_lock_holder TO reader;
	GRANT EXECUTE ON FUNCTION migrate_pending(), migrate_plan(text), migrate_verify_log(), migrate_lock_holders() TO reader});

is( safe('source', 'default', 'SELECT version, state, how, remark FROM migrate_status'),
	join("\n",
		'001|applied|baseline|',
		'002|applied|baseline|',
		'003|applied|run|cosmetic change since it was applied',
		'003.1|applied|run|',
		'004|applied|marked|',
		'005|pending||',
		'006|failed||relation "bestände" does not exist',
		'007|pending||',
		'stale|pending|run|',
		'übersicht|applied|run|'),
	'the project "default" has a history');
is( safe('source', 'default', q{
		SELECT string_agg(DISTINCT event || ' ' || outcome, ', ' ORDER BY event || ' ' || outcome)
		  FROM migrate_history}),
	'apply failed, apply ok, baseline ok, mark ok, repair ok, rollback ok, unmark ok',
	'... with events of every kind');

# The project "shop" comes from files: one is gone, a baseline script is not needed.

write_file('V1__users.sql', 'CREATE TABLE shop_user (id int);');
write_file('V1.1__gone.sql', 'CREATE TABLE gone (id int);');
write_file('V2__größen.sql', "CREATE TABLE größen (id int);\nINSERT INTO größen VALUES (1);\n");
write_file('U2__größen.sql', 'DROP TABLE größen;');
safe('source', 'shop', "SELECT * FROM migrate_load('$directory'); SELECT migrate_apply()");
unlink("$directory/V1.1__gone.sql");
write_file('B2__base.sql', 'CREATE TABLE shop_user (id int); CREATE TABLE größen (id int);');
write_file('V10__next.sql', 'CREATE TABLE next (id int);');
write_file('R__view.sql', 'CREATE VIEW shop_view AS SELECT id FROM größen;');
safe('source', 'shop', "SELECT * FROM migrate_load('$directory')");
is(safe('source', 'shop', q{SELECT version || ' ' || state FROM migrate_status ORDER BY 1}),
	"1 applied\n1.1 missing\n10 pending\n2 applied\n2 ignored\nview pending",
	'the project "shop" has a history');

# The project "stuck" has what refuses to run.

my $stuck = register('1', 'first', 'CREATE TABLE stuck (id int)')
  . register('2', 'below', 'CREATE TABLE below (id int)')
  . register('3', 'edited', 'CREATE TABLE edited (id bigint)')
  . register('4', 'vacuum', 'VACUUM')
  . register('5', 'broken', 'CREATE TABEL größe ()');
safe('source', 'stuck', register('1', 'first', 'CREATE TABLE stuck (id int)')
	  . register('3', 'edited', 'CREATE TABLE edited (id int)')
	  . 'SELECT migrate_apply()');
safe('source', 'stuck', $stuck);
is(safe('source', 'stuck', q{SELECT version || ' ' || state FROM migrate_status}),
	"1 applied\n2 out of order\n3 changed\n4 pending\n5 pending",
	'the project "stuck" has a history');

# All that there is to see of a project.
sub look
{
	my ($database, $project) = @_;

	return psql(
		$database, $project, q{
		SELECT * FROM migrate_status;
		SELECT '--';
		SELECT * FROM migrate_history;
		SELECT '--';
		SELECT * FROM migrate_pending();
		SELECT '--', migrate_current();
		SELECT * FROM migrate_plan();
		SELECT migrate_script();
		SET migrate.out_of_order = allow;
		SELECT * FROM migrate_plan();
		SELECT path FROM migrate_new('another', 'number')});
}

my %source = map { $_ => look('source', $_) } qw(default shop stuck);
like($source{stuck}, qr/ERROR:  MG001/, 'the project "stuck" refuses its plan');
unlike($source{$_}, qr/^ERROR/m, "the project \"$_\" has a plan") foreach qw(default shop);
is($node->safe_psql('source', 'SELECT * FROM migrate_verify_log()'), '', 'the log verifies');
my $grants = q{
	SELECT has_function_privilege('reader', 'migrate_pending()', 'EXECUTE'),
		   has_table_privilege('reader', 'migrate_status', 'SELECT'),
		   has_function_privilege('reader', 'migrate_apply(text)', 'EXECUTE'),
		   has_function_privilege('public', 'migrate_pending()', 'EXECUTE'),
		   has_table_privilege('reader', 'migrate_log', 'SELECT')};
is($node->safe_psql('source', $grants), 't|t|f|f|f', 'the reader may read');

sub applied_versions
{
	my ($database, $project) = @_;

	return safe($database, $project, 'SELECT version FROM migrate_apply()');
}

# A restored database is as the source was, and goes on from there.
sub check_restored
{
	my ($database, $test) = @_;

	is(look($database, $_), $source{$_}, "$test: project \"$_\" is as it was")
	  foreach qw(default shop stuck);
	is($node->safe_psql($database, 'SELECT * FROM migrate_verify_log()'), '', "$test: the log verifies");
	is($node->safe_psql($database, $grants), 't|t|f|f|f', "$test: grants are as they were");

	# what is registered already is found again
	is( safe($database, 'default', join(' ', map { $default{$_} } sort keys %default)),
		join("\n", ('unchanged') x keys %default),
		"$test: registering anew changes nothing");
	is( psql($database, 'shop',
			"SET client_min_messages = error; SELECT DISTINCT action FROM migrate_load('$directory')"),
		"unchanged\n",
		"$test: nor does loading the files");
	is(look($database, $_), $source{$_}, "$test: ... project \"$_\" is still as it was")
	  foreach qw(default shop);
	is(psql($database, 'default', q{SELECT migrate_require('übersicht')}),
		"t\n", "$test: an applied migration is found by its name");
	unlike(
		psql($database, 'default', $default{'003'} =~ s/CREATE/-- größer\n CREATE/r),
		qr/WARNING/, "$test: an edit of comments is known as one");
	is(safe($database, 'default', $default{'003'}), 'replaced', "$test: ... and can be undone");
	like(
		psql($database, 'default', $default{'003'} =~ s/später/nie/r),
		qr/WARNING:  MG001/, "$test: another text is known as one");
	is( safe($database, 'default', "$default{'003'}; SELECT state FROM migrate_status WHERE version = '003'"),
		"replaced\napplied", "$test: ... and can be undone");

	# exactly what was pending is applied
	like(psql($database, 'stuck', 'SELECT migrate_apply()'),
		qr/ERROR:  MG001: /, "$test: what was changed is still refused");
	like(psql($database, 'default', 'SELECT migrate_apply()'),
		qr/ERROR:  42P01: relation "bestände" does not exist/, "$test: what failed fails again");
	$node->safe_psql($database, 'CREATE TABLE bestände (id int)');
	is(applied_versions($database, 'default'), join("\n", @pending),
		"$test: what was pending is applied, nothing else");
	is(applied_versions($database, 'shop'), "10\nview", "$test: ... in the other project too");
	is(applied_versions($database, $_), '', "$test: ... and only once in \"$_\"")
	  foreach qw(default shop);
	is(safe($database, 'default', 'SELECT DISTINCT state FROM migrate_status'),
		'applied', "$test: nothing is pending any more");
	is( $node->safe_psql($database, q{
			SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
			 WHERE relname IN ('back', 'stock', 'waits', 'next', 'shop_view', 'below')}),
		'back next shop_view stock waits', "$test: ... and is there");
	is(safe($database, 'stuck', "SELECT migrate_repair('3'); SELECT migrate_unregister('4'); SELECT migrate_unregister('5')"),
		"repaired\n\n", "$test: what was changed can be repaired");
	is(safe($database, 'stuck', 'SET migrate.out_of_order = allow; SELECT version FROM migrate_apply()'),
		'2', "$test: ... and the rest applied");

	# new ones
	is( safe($database, 'default',
			register('008', 'räume', 'CREATE TABLE räume (id int)', 'DROP TABLE räume')
			  . 'SELECT version FROM migrate_apply()'),
		"registered\n008", "$test: a new migration is registered and applied");
	is(safe($database, 'default', 'SELECT version FROM migrate_rollback()'),
		'008', "$test: ... and rolled back");
	is( safe($database, 'default', q{
			SELECT (SELECT count(*) = max(id) FROM migrate_history),
				   (SELECT count(*) FROM migrate_verify_log())}),
		't|0', "$test: the log goes on and verifies");
	like(
		psql($database, 'default', 'UPDATE migrate_log SET name = name'),
		qr/ERROR:  MG013: /, "$test: it can still only be appended to");
}

sub new_database
{
	my ($name, $options) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0" . ($options // ''));
}

sub restore_plain
{
	my ($database, $file) = @_;

	$node->command_ok(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', "$dumps/$file" ],
		"$file is restored into $database");
}

$node->command_ok([ 'pg_dump', '-d', 'source', '-f', "$dumps/plain" ], 'pg_dump');
new_database('plain');
restore_plain('plain', 'plain');
is($node->safe_psql('plain', 'SELECT count(*), answer() FROM größe'),
	'1|zweiundvierzig, natürlich', 'plain: data of users are there');
check_restored('plain', 'plain');

$node->command_ok([ 'pg_dump', '-Fc', '-d', 'source', '-f', "$dumps/custom" ], 'pg_dump -Fc');
new_database('custom');
$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', 'custom', "$dumps/custom" ],
	'custom is restored into custom, by two jobs');
check_restored('custom', 'custom');

# pg_dump leaves out the data of every table then, an extension's included.
$node->command_ok([ 'pg_dump', '--schema-only', '-d', 'source', '-f', "$dumps/schema_only" ],
	'pg_dump --schema-only');
$node->command_ok(
	[ 'pg_dump', '--data-only', '-t', 'migrate_*', '-d', 'source', '-f', "$dumps/only_ours" ],
	'pg_dump --data-only of our tables');
new_database('schema_only');
restore_plain('schema_only', 'schema_only');
is( $node->safe_psql('schema_only', q{
		SELECT (SELECT count(*) FROM größe), (SELECT count(*) FROM migrate_status),
			   (SELECT count(*) FROM migrate_history), (SELECT count(*) FROM migrate_verify_log())}),
	'0|0|0|0', 'schema only: it is one');
restore_plain('schema_only', 'only_ours');
is($node->safe_psql('schema_only', 'SELECT count(*) FROM größe'), '0', 'schema only: users have no data');
check_restored('schema_only', 'schema only');

new_database('latin', q( ENCODING 'LATIN1' LOCALE 'C'));
restore_plain('latin', 'plain');
check_restored('latin', 'LATIN1');

# There and back again: the dump of a restored database.
$node->command_ok([ 'pg_dump', '-d', 'latin', '-f', "$dumps/from_latin" ], 'pg_dump of LATIN1');
new_database('back');
restore_plain('back', 'from_latin');
is(look('back', $_), look('latin', $_), "from LATIN1 to UTF8: project \"$_\" is as it was")
  foreach qw(default shop stuck);
is($node->safe_psql('back', 'SELECT * FROM migrate_verify_log()'), '', '... and the log verifies');

# pg_restore -l lists no object of ours but the extension and its tables' data.
my ($list) = run_command([ 'pg_restore', '-l', "$dumps/custom" ]);
is( join(', ', sort map { /^\d+; \d+ \d+ ((?!ACL|COMMENT)\S.*? migrate\w*)/ ? $1 : () }
		split(/\n/, $list)),
	join(', ',
		'EXTENSION - migrate', 'SEQUENCE SET public migrate_ddl_seq',
		'SEQUENCE SET public migrate_job_seq', 'SEQUENCE SET public migrate_reference_seq',
		map { "TABLE DATA public $_" }
		  qw(migrate_ddl migrate_file_set migrate_job migrate_journal migrate_log migrate_log_head migrate_migration migrate_object
		  migrate_reference migrate_rehearsal migrate_state migrate_unsettled migrate_variable)),
	'the dump has the extension and the data of its tables');

# A restored log is no easier to forge.
$node->safe_psql(
	'back', q{
	ALTER TABLE migrate_log DISABLE TRIGGER migrate_log_append_only;
	UPDATE migrate_log SET message = 'nichts' WHERE project = 'default' AND message LIKE '%bestände%'
	   AND id = (SELECT min(id) FROM migrate_log WHERE project = 'default' AND outcome = 'failed');
	ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only});
is($node->safe_psql('back', 'SELECT project, problem FROM migrate_verify_log()'),
	'default|this entry was changed', 'an entry changed after the restore is found');

# What no restore could read does not get in.

mkdir("$directory/names");
write_file("names/1_\xff.sql", 'SELECT 1;');
like(
	psql('source', 'names', "SELECT * FROM migrate_load('$directory/names')"),
	qr/ERROR:  22021: .*not valid UTF-8/, 'a file name that is no UTF-8 is refused');
is(safe('source', 'names', 'SELECT count(*) FROM migrate_status'), '0', '... and not registered');

# In a schema of its own, which no search path has while it is restored.

$node->safe_psql('postgres', 'CREATE DATABASE schemas');
$node->safe_psql(
	'schemas', q{
	CREATE SCHEMA "Ops %s";
	CREATE EXTENSION migrate SCHEMA "Ops %s";
	SET search_path = public, "Ops %s";
	SELECT migrate_register('1', 'one', 'CREATE TABLE one (id int)', 'DROP TABLE one');
	SELECT migrate_register('2', 'two', 'CREATE TABLE two (id int)');
	SELECT migrate_apply('1')});
$node->command_ok([ 'pg_dump', '-Fc', '-d', 'schemas', '-f', "$dumps/schemas" ],
	'pg_dump of an extension in its own schema');
new_database('schemas_restored');
$node->command_ok([ 'pg_restore', '-e', '-1', '-d', 'schemas_restored', "$dumps/schemas" ],
	'it is restored in one transaction');
is( $node->safe_psql('schemas_restored', q{
		SET search_path = public, "Ops %s";
		SELECT version, state FROM migrate_status;
		SELECT * FROM migrate_verify_log();
		SELECT version FROM migrate_apply();
		SELECT migrate_current()}),
	"1|applied\n2|pending\n2\n2",
	'... and goes on');

# DROP EXTENSION takes what is its own, and nothing else.

my $ours = q{
	WITH RECURSIVE member AS (
		SELECT objid AS oid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		 WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass
		   AND d.deptype = 'e' AND e.extname = 'migrate'),
	storage AS (
		SELECT oid FROM member
		UNION
		SELECT c.reltoastrelid FROM pg_class c JOIN member m ON m.oid = c.oid
		 WHERE c.reltoastrelid <> 0)
	SELECT oid FROM storage
	UNION
	SELECT indexrelid FROM pg_index i JOIN storage s ON s.oid = i.indrelid};
my $others = qq{
	SELECT c.relkind, c.oid::regclass FROM pg_class c WHERE c.oid NOT IN ($ours) ORDER BY c.oid;
	SELECT p.oid::regprocedure FROM pg_proc p
	 WHERE NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
						WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
						  AND d.deptype = 'e' AND e.extname = 'migrate')
	 ORDER BY p.oid;
	SELECT count(*) FROM pg_trigger t WHERE t.tgrelid NOT IN ($ours)};
my $before = $node->safe_psql('custom', $others);
my $relations = $node->safe_psql('custom', "SELECT count(*) - (SELECT count(*) FROM ($ours) o) FROM pg_class");
my $created = q{
	SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
	 WHERE relname IN ('größe', 'größen', 'next', 'shop_view', 'übersicht')};
is($node->safe_psql('custom', $created), 'größe größen next shop_view übersicht',
	'there is what migrations created');
$node->safe_psql('custom', 'DROP EXTENSION migrate');
is($node->safe_psql('custom', $others), $before, 'DROP EXTENSION leaves every object of users');
is($node->safe_psql('custom', 'SELECT count(*) FROM pg_class'), $relations, '... and nothing of its own');
is( $node->safe_psql('custom', q{
		SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'migrate%'),
			   (SELECT count(*) FROM pg_proc WHERE proname LIKE 'migrate%'),
			   (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'migrate%')}),
	'0|0|0', '... by name either');
is($node->safe_psql('custom', $created), 'größe größen next shop_view übersicht',
	'... what migrations created is there');
is($node->safe_psql('custom', 'SELECT note, answer() FROM größe; SELECT name FROM customer'),
	"für später|zweiundvierzig, natürlich\nJürgen", '... with their data');

$node->safe_psql('custom', 'CREATE EXTENSION migrate');
foreach my $project (qw(default shop stuck))
{
	is( safe('custom', $project, q{
			SELECT (SELECT count(*) FROM migrate_status), (SELECT count(*) FROM migrate_history),
				   (SELECT count(*) FROM migrate_pending()), (SELECT count(*) FROM migrate_verify_log()),
				   migrate_current() IS NULL, (SELECT count(*) FROM migrate_apply())}),
		'0|0|0|0|t|0', "CREATE EXTENSION again begins empty in \"$project\"");
}
is($node->safe_psql('custom', $others), $before, '... and touches nothing either');
is( safe('custom', 'default', "$default{'001'} $default{'002'} SELECT migrate_baseline('002');"
		  . register('009', 'anew', 'CREATE TABLE anew (id int)')
		  . 'SELECT version FROM migrate_apply(); SELECT id, event FROM migrate_history; SELECT * FROM migrate_verify_log()'),
	"registered\nregistered\n2\nregistered\n009\n1|baseline\n2|baseline\n3|apply",
	'... and its objects can be taken in with a baseline');

# Without CREATE EXTENSION again a session says what is missing.
$node->safe_psql('schemas_restored', 'DROP EXTENSION migrate');
is( $node->safe_psql('schemas_restored', q{
		SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('one', 'two')}),
	'one two', 'DROP EXTENSION in its own schema leaves every table');

$node->stop;
done_testing();
