# Sessions of psql beside each other, and gates that hold migrations up.

package Sessions;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw($TIMEOUT $GATES verbose_psql start_psql finish_session hold_session);

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

1;
