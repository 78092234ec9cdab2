# Liquibase, half way through a history of formatted SQL.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

need('Java', 'java', '-version');
npm_install('liquibase@4.28.1');
my $program = npm_directory() . '/node_modules/liquibase/dist/liquibase/liquibase';
start_node('liquibase');

# More than the others can say, at the end of the first file.
my $special = <<'END';

--changeset Ben:there labels:base context:"prod or test"
--preconditions onFail:MARK_RAN onError:HALT
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_class WHERE relname = 'customer'
--comment: a table that is there already; marked
CREATE TABLE customer (id int);
--rollback empty

--changeset Ben:sample context:sample
INSERT INTO product VALUES (9, 'sample', 1);

--changeset Ben:extra labels:extra
INSERT INTO product VALUES (10, 'extra', 1);

--changeset Ben:other dbms:oracle
SELECT 1 FROM dual;

--changeset Ben:cheap runOnChange:true
CREATE OR REPLACE VIEW cheap AS SELECT * FROM product WHERE price < 10;
/* liquibase rollback
DROP VIEW cheap;
*/

--changeset Ben:looked runAlways:true
COMMENT ON TABLE product IS 'looked at';
--rollback not required
END

my %file;
my $n = 0;
foreach my $step (@HISTORY)
{
	my $attributes = '';

	$n++;
	$attributes .= ' splitStatements:false' if $step->{up} =~ /\$/;
	$attributes .= ' runInTransaction:false' if $step->{alone};
	$attributes .= ' labels:"base, v1"' if $n == 1;
	my $rollback = $step->{down} =~ s/^(?!--)/--rollback /mgr;
	$rollback = '' if $rollback !~ /;/;
	$file{ $n <= $HALF ? 'a_base' : 'z_orders' } .= "\n--changeset Anna:$step->{name}$attributes\n$step->{up}$rollback";
}
$file{a_base} .= $special;
write_file("$work/log/changes/$_.sql", "--liquibase formatted sql\n$file{$_}") foreach keys %file;
write_file("$work/log/more/b_notes.sql", "-- Liquibase  FORMATTED SQL\n--  ChangeSet  Ben:1\nSELECT 1;\n--rollback Not Required\n");
write_file("$work/log/root.xml", <<'END');
<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
  <include file="changes/a_base.sql" relativeToChangelogFile="true"/>
  <changeSet id="v1" author="Ben">
    <tagDatabase tag="v1"/>
  </changeSet>
  <include file="changes/z_orders.sql" relativeToChangelogFile="true"/>
  <include file="more/b_notes.sql" relativeToChangelogFile="true"/>
</databaseChangeLog>
END

sub tool
{
	my ($database, @command) = @_;

	return ($database, 'bash', $program, "--search-path=$work/log", '--changelog-file=root.xml',
		"--url=jdbc:postgresql://127.0.0.1:$ENV{PGPORT}/$database", "--username=$user",
		'--password=secret', '--show-banner=false', '--log-level=warning', @command);
}

# What other contexts and labels have is left out.
my @options = ('--contexts=prod', '--label-filter=!extra');
$node->append_conf('postgresql.conf', "migrate.contexts = 'prod'\nmigrate.labels = '!extra'\n");
$node->reload;
new_database($_) foreach 'half', 'alone';
run_tool('Liquibase goes half way', tool('half', 'update-count', '--count=11', @options));
run_tool('Liquibase goes all the way', tool('alone', 'update', @options));
new_database($_, 'half') foreach 'changed', 'locked', 'waiting';

my @base = map { "a_base.sql::$_" } 'customer::Anna', 'product::Anna', 'touch::Anna', 'first-products::Anna',
  'customer_email_lower::Anna', 'a_note::Anna', 'there::Ben', 'cheap::Ben', 'looked::Ben';
my @orders = map { "z_orders.sql::$_->{name}::Anna" } @HISTORY[ $HALF .. $#HISTORY ];
push @orders, 'b_notes.sql::1::Ben';
my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/log",
	adopted => [ @base, 'root.xml::v1::Ben', $orders[0] ],
	pending => [ @orders[ 1 .. $#orders ] ],
	history => 'TABLE databasechangelog ORDER BY orderexecuted',
	without => [ 'databasechangelog', 'databasechangeloglock' ]);
take_over(%take);
finish(%take);

copy_directory("$work/log", "$work/changed");
changed_is_refused(
	template => 'changed',
	edited => "$work/changed",
	file => 'changes/a_base.sql',
	edit => [ 'name text', 'name varchar' ],
	version => 'a_base.sql::product::Anna');

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'update', @options) ]);

# Its rollbacks are ours too.
query('half', "CALL mig.migrate_undo('$orders[0]')");
same_dump('half', 'locked', 'rolled back, all is as it was at half way', '--schema-only', @{ $take{without} });

# What Liquibase leaves behind when it is killed
query('locked', 'UPDATE databasechangeloglock SET locked = true');
register('locked', "$work/log");
refused('locked', '', qr/ERROR:  55P03: Liquibase is at work/, 'while Liquibase is at work nothing is taken over');

done_testing();
