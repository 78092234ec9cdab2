# Sessions of psql beside each other, and gates that hold migrations up.

package Sessions;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw($TIMEOUT $GATES verbose_psql start_psql finish_session hold_session
  deploy_again is_complete);

our $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;

# Who passes gate(n) waits while another session has shut it, and so does an
# index over slow(), at the first.
our $GATES = q{
	CREATE TABLE ran (what text);
	CREATE TABLE item (id int);
	INSERT INTO item SELECT generate_series(1, 100);
	CREATE FUNCTION gate(n int) RETURNS int LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_lock_shared(n);
		PERFORM pg_advisory_unlock_shared(n);
		RETURN n;
	END $$;
	CREATE FUNCTION slow(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF id = 50 THEN
			PERFORM public.gate(1);
		END IF;
		RETURN id;
	END $$;};

# What psql prints, and its messages with all there is to them; goes on after
# an error.
sub verbose_psql
{
	my ($node, $database, $sql, %params) = @_;

	my ($code, $out, $err) = $node->psql(
		$database, $sql,
		on_error_stop => 0,
		extra_params => [ '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=always' ],
		%params);
	return wantarray ? ($out, $err) : $out;
}

# psql with commands in the background, each in a transaction of its own.
sub start_psql
{
	my ($node, $database, $application, @commands) = @_;
	my $session = { out => '', err => '' };

	local $ENV{PGAPPNAME} = $application;
	$session->{run} = IPC::Run::start(
		[
			'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose',
			'-d', $node->connstr($database), map { ('-c', $_) } @commands
		],
		'<', \undef, '>', \$session->{out}, '2>', \$session->{err},
		IPC::Run::timeout($TIMEOUT));
	return $session;
}

sub finish_session
{
	my ($session) = @_;

	IPC::Run::finish($session->{run});
	return IPC::Run::result($session->{run}, 0);
}

# A session that has run some SQL and stays as it is.
sub hold_session
{
	my ($node, $database, $sql) = @_;
	my $session = $node->background_psql($database);

	$session->query_safe($sql);
	return $session;
}

# The call that goes on with what another has left; its messages.
sub deploy_again
{
	my ($node, $database, $test) = @_;
	my ($code, $out, $err) = $node->psql($database, 'CALL migrate_deploy()');

	is($code, 0, "$test: the next call succeeds") or diag($err);
	return $err;
}

# Everything is applied, once, and nothing else is there.
sub is_complete
{
	my ($node, $database, $ran, $test) = @_;

	is($node->safe_psql($database, 'SELECT what FROM ran ORDER BY what'),
		$ran, "$test: each statement ran once");
	is( $node->safe_psql(
			$database, q{
			SELECT (SELECT count(*) FROM migrate_status WHERE state <> 'applied'),
				   (SELECT count(*) FROM pg_index
					 WHERE NOT (indisvalid AND indisready AND indislive)),
				   (SELECT count(*) FROM migrate_journal),
				   (SELECT count(*) FROM migrate_verify_log()),
				   (SELECT count(*) - count(DISTINCT version) FROM migrate_history
					 WHERE event = 'apply' AND outcome = 'ok')}),
		'0|0|0|0|0',
		"$test: all is applied, no index is INVALID, nothing is half done, the log verifies");
	is( $node->safe_psql($database, 'SELECT state FROM migrate_jobs ORDER BY job DESC LIMIT 1'),
		'done', "$test: the last job is done");
}

1;
