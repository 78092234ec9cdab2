# The statements and COPY data of PostgreSQL's own regression tests, by the
# extension's splitter and by psql: what psql sends is read from the log of a
# server with log_statement, which runs none of it, see test/splitter.
#
# Both get the same texts, once more with CRLF.  They are the files but for what
# is no SQL of a migration, replaced by rules that do not look at how the
# splitter sees it:
# - psql's meta-commands: \copy FROM stdin becomes COPY; those that send a
#   query, and \; become semicolons; others become comments.  So do \if with
#   all up to its \endif, and what \; joins to COPY FROM stdin, with the data.
# - Variables of psql become strings and identifiers.
# - What the tests send with standard_conforming_strings off becomes comments:
#   a migration's text has one meaning, whatever the setting.
# - Texts in other encodings are taken for Latin-1, and put into UTF-8.
# - Statements that the server's parser refuses when psql sends them, many of
#   them on purpose, and COPY TO stdout, which no migration can run, become
#   "SELECT 0".  They are looked for with psql until there is none.

use strict;
use warnings;

use FindBin;
use File::Basename qw(dirname);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $TIMEOUT = $PostgreSQL::Test::Utils::timeout_default;
my $top = dirname(dirname($FindBin::RealBin));
my $scratch = "$PostgreSQL::Test::Utils::tmp_check/splitting";
my $comment = qr{--[^\r\n]*|(?<block>/\*(?:[^/*]++|/(?!\*)|\*(?!/)|(?&block))*+\*/)};
my @directories = ('src/test/regress/sql', 'contrib/*/sql', 'src/pl/*/sql');
my ($pg_config, $major) = ($ENV{PG_CONFIG} || 'pg_config');

($major) = `$pg_config --version` =~ /(\d+)/;
mkdir $scratch or die $!;

sub write_file
{
	my ($path, $text) = @_;

	open my $file, '>:raw', $path or die "$path: $!";
	print $file $text;
	close $file or die "$path: $!";
}

# The output of a command, or undef if it fails.
sub output_of
{
	my ($out, $err) = ('', '');
	my $done = eval { IPC::Run::run(\@_, '<', \undef, '>', \$out, '2>', \$err) };

	note("@_: $err") unless $done;
	return $done ? $out : undef;
}

# The regression tests of this major version, unpacked: the newest source that
# Debian's archive has, by an apt of our own.  The files, or why there are none.
sub get_source
{
	my @apt = map { ('-o', $_) } (
		"Dir::State=$scratch/apt", "Dir::State::status=$scratch/apt/status",
		"Dir::Cache=$scratch/apt", "Dir::Etc::SourceList=$scratch/apt/sources.list",
		"Dir::Etc::SourceParts=$scratch/apt/none", 'APT::Sandbox::User=',
		'Acquire::Languages=none', 'Acquire::Retries=1', 'Acquire::http::Timeout=20');
	my $targets = output_of('apt-get', 'indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)',
		'Created-By: Packages', 'Origin: Debian', 'Component: main');
	my ($keyring) = grep { -e } map { "/usr/share/keyrings/debian-archive-keyring.$_" } qw(gpg pgp);
	my %seen;

	return 'no apt-get' unless defined $targets;
	return 'apt has no lists of Debian' unless $targets =~ /\S/;
	mkdir "$scratch/apt" or die $!;
	write_file("$scratch/apt/status", '');
	write_file(
		"$scratch/apt/sources.list",
		join '', map { 'deb-src ' . ($keyring ? "[signed-by=$keyring] " : '') . "$_\n" }
		  grep { !$seen{$_}++ } split /\n/, $targets);
	return 'no list of Debian\'s sources to be had'
	  unless defined output_of('apt-get', @apt, '-q', 'update');
	my $versions = output_of('apt-cache', @apt, 'showsrc', '--only-source', "postgresql-$major");

	chdir $scratch or die $!;
	for my $version (($versions // '') =~ /^Version: (\S+)/mg)
	{
		next unless defined output_of('apt-get', @apt, '-q', 'source', '--download-only',
			'--tar-only', "postgresql-$major=$version");
		note("source: $version");
		my ($archive) = glob '*.orig.tar.*';
		chdir $top or die $!;
		return 'the source cannot be unpacked'
		  unless defined output_of('tar', '-C', $scratch, '-xf', "$scratch/$archive", '--wildcards',
			map { "*/$_/*.sql" } @directories);
		unlink "$scratch/$archive";
		return (undef, sort map { glob "$scratch/*/$_/*.sql" } @directories);
	}
	chdir $top or die $!;
	return "no source of postgresql-$major to be had";
}

# A text without what only psql understands; lines stay where they are.  It may
# well take data of COPY for a meta-command: they are then other data.
sub without_commands
{
	my ($text) = @_;
	my $sends = qr/\\(?:g|gx|gset|gexec|gdesc|crosstabview|watch|bind|bind_named|parse|sendpipeline)\b/;
	my $ends = qr/(?:$sends|\\(?:echo|if|p|r|d)\b)/;
	my $blocks = 0;
	my $depth = 0;

	$text =~ s{^set\s+standard_conforming_strings\s+(?:to|=)\s+off;\n\K(.*?)(?=^(?:re)?set\s+standard_conforming_strings)}
		{$1 =~ s/^/--/mgr}gemsi;
	return join '', map {
		$depth++ if /^\s*\\if\b/;
		if ($depth > 0)
		{
			$depth-- if /^\s*\\endif\b/;
			s/^/--/;
		}
		elsif ($blocks > 0)
		{
			$blocks-- if /^\\\.$/;
			s/^/--/;
		}
		elsif (/\\;/ && ($blocks = () = /\bfrom\s+stdin\b/gi))
		{
			s/^/--/;
		}
		else
		{
			s/^\s*\\copy\s+(.*\bfrom\s+stdin\b[^;\n]*);?/COPY $1;/i
			  || s/^\s*$sends.*/;/
			  || s/^\s*\\(?!N\b)[a-z!?].*/--/i
			  || (s/\\;/;/g, s/(?:^|(?<=[\s;]))$ends.*/;/, s/;\s*\\[a-z].*/;/);
			s/(?<!:):(['"])(\w+)\1/$1$2$1/g;
			s/(?<![:\w]):([A-Z_]{3,})\b/$1/g;
			s/:\{\?\w+\}/true/g;
		}
		$_;
	} split /(?<=\n)/, $text;
}

# A statement as it is compared.  psql sends its semicolon, and leaves out
# empty lines, also in comments.
sub normalised
{
	my ($statement) = @_;

	$statement =~ s/\A(?:\s++|$comment)*+//;
	$statement =~ s/\s*;?\s*\z//;
	$statement =~ s/\n+/\n/g;
	return $statement;
}

sub unescaped
{
	my ($text) = @_;
	my %character = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

	$text =~ s/\\(?:u([0-9a-f]{4})|(.))/defined $1 ? chr hex $1 : $character{$2} \/\/ $2/ge;
	return $text;
}

my ($missing, @files) = get_source();
plan skip_all => "$missing: no regression tests to be compared" if defined $missing;

my $node = PostgreSQL::Test::Cluster->new('splitting');
$node->init(extra => [ '--locale=C', '--encoding=UTF8' ]);
$node->append_conf(
	'postgresql.conf', q{
logging_collector = on
log_destination = jsonlog
log_filename = 'splitting.log'
log_rotation_size = 0
log_min_messages = error
log_statement = none
});
$node->start;

# The library beside these tests, of the objects that the extension is built of.
mkdir "$scratch/build" or die $!;
for (qw(Makefile splitter.c))
{
	write_file("$scratch/build/$_", slurp_file("$top/test/splitter/$_"));
}
my $made = output_of('make', '-s', '-C', "$scratch/build", "TOP=$top", "PG_CONFIG=$pg_config");
ok(defined $made, 'the library that shows statements is built') or BAIL_OUT('no library');
$node->safe_psql('postgres', 'CREATE DATABASE listen');
$node->safe_psql('postgres', "ALTER DATABASE listen SET $_")
  for "session_preload_libraries = '$scratch/build/splitter'", 'splitter.listen = on', "log_statement = 'all'";
$node->safe_psql('postgres', qq{
	CREATE FUNCTION splitter_statements(script text) RETURNS TABLE (line int, statement text, data text)
	LANGUAGE c STRICT AS '$scratch/build/splitter';
	CREATE FUNCTION splitter_lines(script text) RETURNS TABLE (line int, outside boolean, lexer_says boolean)
	LANGUAGE c STRICT AS '$scratch/build/splitter';
	CREATE EXTENSION migrate;});

my $log = $node->data_dir . '/log/splitting.json';
my $read = 0;
my $rounds = 0;

# The log since the last call, up to a mark in it.
sub read_log
{
	my ($mark) = @_;
	my $deadline = time + $TIMEOUT;
	my $text = '';

	open my $file, '<:raw', $log or die $!;
	seek $file, $read, 0;
	while (time < $deadline)
	{
		local $/;
		$text .= <$file> // '';
		last if substr($text, -2000) =~ /\Q$mark\E.*\n\z/;
		seek $file, 0, 1;
		select(undef, undef, undef, 0.05);
	}
	$read = tell $file;
	return $text;
}

# What psql sends of some texts (path, text): for each a list of statements, in
# order, with the data that follow, and whether the parser takes it.
sub psql_sends
{
	my (@texts) = @_;
	my $string = qr/"((?:[^"\\]++|\\.)*+)"/;
	my $end = 'end of round ' . ++$rounds;
	my $sent;

	$_->{sent} = [] for @texts;
	IPC::Run::run(
		[
			'psql', '-Xq', '-d', $node->connstr('listen'),
			(map { ('-c', "SELECT 'file $_'", '-f', $texts[$_]{path}) } 0 .. $#texts),
			'-c', "SELECT '$end'"
		],
		'<', \undef, '>', '/dev/null', '2>', '/dev/null');
	for (split /\n/, read_log($end))
	{
		next unless /"dbname":"listen"/
		  && /"error_severity":"(\w+)",(?:"state_code":"\w+",)?"message":$string/g;
		my ($severity, $message) = ($1, unescaped($2));

		if ($message =~ /\Astatement: SELECT '(?:file (\d+)|\Q$end\E)'\z/)
		{
			$sent = defined $1 ? $texts[$1]{sent} : undef;
		}
		elsif ($severity eq 'LOG' && $message =~ /\Astatement: (.*)\z/s)
		{
			push @$sent, { text => $1 };
		}
		elsif ($severity eq 'LOG' && $message =~ /\Adata: (.*)\z/s)
		{
			# psql before 18 sends the line that ends them, too
			$sent->[-1]{data} = $1 =~ s/^\\\.\r?\n\z//mr;
		}
		elsif ($severity eq 'ERROR' && /,"statement":$string/)
		{
			# of one that the parser takes, the log has told before
			my $text = unescaped($1);
			push @$sent, { text => $text, refused => 1 }
			  if !@$sent || $sent->[-1]{text} ne $text || $sent->[-1]{failed};
			$sent->[-1]{failed} = 1;
		}
		else
		{
			die "the log says: $_";
		}
	}
}

# Look for each of psql's statements in the text, and replace those that do
# not belong into a migration; how many.
sub replace_refused
{
	my ($file) = @_;
	my $text = $file->{text};
	my $result = '';
	my $kept = 0;
	my $replaced = 0;

	delete $file->{lost};
	pos($text) = 0;
	for my $sent (@{ $file->{sent} })
	{
		my $statement = normalised($sent->{text});
		my $pattern = join '\n+', map { quotemeta } split /\n/, $statement;

		next if $statement eq '';
		$text =~ /\G(?:\s++|;|$comment)*+/gc;
		my $start = pos $text;
		if ($text !~ /\G$pattern\s*(;|\z)/gc)
		{
			$file->{lost} = $statement;
			return 0;
		}
		$sent->{line} = 1 + (substr($text, 0, $start) =~ tr/\n//);
		if ($sent->{refused} || $statement =~ /\Acopy\b.*\bto\s+std(in|out)\b/is)
		{
			# psql 17 passes over an end of data after a COPY that failed
			$text =~ /\G[ \t]*\r?\n\\\.(?=\r?$)/gcm if $sent->{refused};
			$result .= substr($text, $kept, $start - $kept) . 'SELECT 0;';
			$kept = pos $text;
			$file->{replaced_bytes} += $kept - $start;
			$replaced++;
		}
		if (defined $sent->{data} && $text !~ /\G[^\n]*(?:\n|\z)\Q$sent->{data}\E(?:\\\.\r?(?:\n|\z)|\z)/gc)
		{
			$file->{lost} = "data of $statement";
			return 0;
		}
	}
	$file->{lost} = 'what is left: ' . substr($text, pos($text) // 0)
	  unless $text =~ /\G(?:\s++|;|$comment)*+\z/gc;
	$file->{text} = $result . substr($text, $kept);
	$file->{replaced} += $replaced;
	return $replaced;
}

my $start = time;
my @texts;
my $number = 0;
for my $path (@files)
{
	my ($name) = $path =~ m{^\Q$scratch\E/[^/]+/(.*)};
	my $text = without_commands(slurp_file($path));

	utf8::encode($text) unless utf8::decode(my $decoded = $text);
	push @texts, { name => $name, text => $text, path => "$scratch/" . ++$number . '.sql' };
}
my @changed = @texts;
for (1 .. 6)
{
	write_file($_->{path}, $_->{text}) for @changed;
	psql_sends(@changed);
	@changed = grep { replace_refused($_) } @changed;
	last unless @changed;
}
my $refused = join ', ', map { $_->{name} } @changed;

# The same once more with the line ends of Windows.
for my $file (@texts[ 0 .. $#texts ])
{
	my $text = $file->{text} =~ s/\r?\n/\r\n/gr;

	push @texts, { name => "$file->{name} with CRLF", text => $text, path => "$scratch/" . ++$number . '.sql' };
	write_file($texts[-1]{path}, $text);
}
my @crlf = @texts[ @files .. $#texts ];
psql_sends(@crlf);
$refused .= join ', ', map { $_->{name} } grep { replace_refused($_) } @crlf;
is($refused, '', 'no text is left with a statement that the parser refuses');
is(join("\n", map { "$_->{name}: " . substr($_->{lost}, 0, 200) } grep { defined $_->{lost} } @texts),
	'', 'the statements and data that psql sends, and comments, are the whole text');
note(sprintf('psql: %.1f s, %d rounds', time - $start, $rounds));

# A command for each text in one session; for each the rows or the error.
sub each_text
{
	my ($command) = @_;
	my ($out, $err) = ('', '');
	my @result = map { { rows => [] } } @texts;
	my %character = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", v => "\013");

	IPC::Run::run(
		[ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-v', 'VERBOSITY=terse', '-f', '-' ],
		'<', \join('', map { $command =~ s/PATH/'$_->{path}'/gr . "\n" } @texts),
		'>', \$out, '2>', \$err);
	$result[ $1 - 1 ]{error} = $2 while $err =~ /^psql:<stdin>:(\d+): ERROR:  (.*)/mg;
	for (split /\n/, $out)
	{
		my ($path, @row) = map { $_ eq '\N' ? undef : s/\\(.)/$character{$1} \/\/ $1/ger } split /\t/, $_, -1;

		push @{ $result[ $1 - 1 ]{rows} }, \@row if $path =~ m{(\d+)\.sql$};
	}
	return @result;
}

# The first difference between two lists of statements: line, text, data.
sub difference
{
	my ($got, $expected) = @_;

	for my $i (0 .. ($#$got > $#$expected ? $#$got : $#$expected))
	{
		my ($ours, $psqls) = map {
			!defined $_->[$i] ? 'nothing' : sprintf 'line %d: %s%s', @{ $_->[$i] }[ 0, 1 ],
			  defined $_->[$i][2] ? "\ndata: $_->[$i][2]" : ''
		} $got, $expected;
		return sprintf "statement %d: %.300s\nby psql: %.300s", $i + 1, $ours, $psqls if $ours ne $psqls;
	}
	return undef;
}

$start = time;
my %count;
my (@differences, @lines);
my @ours = each_text('COPY (SELECT PATH, s.* FROM splitter_statements(pg_read_file(PATH)) s) TO STDOUT;');
for my $i (0 .. $#texts)
{
	my @expected = map { [ $_->{line}, normalised($_->{text}), $_->{data} ] }
	  grep { defined $_->{line} } @{ $texts[$i]{sent} };
	my @got = map { [ $_->[0], normalised($_->[1]), $_->[2] ] } @{ $ours[$i]{rows} };
	my $difference = $ours[$i]{error} // difference(\@got, \@expected);

	push @differences, "$texts[$i]{name}: $difference" if defined $difference;
	$count{texts}++;
	$count{statements} += @expected;
	$count{replaced} += $texts[$i]{replaced} // 0;
	$count{replaced_bytes} += $texts[$i]{replaced_bytes} // 0;
	$count{bytes} += length $texts[$i]{text};
	$count{data} += grep { length($_->[2] // '') > 0 } @expected;
	$count{rows} += ($_->[2] // '') =~ tr/\n// for @expected;
}
is(join("\n", @differences), '', 'the statements, their lines and the data of COPY are those of psql');
note(sprintf('splitter: %.1f s', time - $start));
note("$count{texts} texts of $count{bytes} bytes, $count{statements} statements, "
	  . "$count{data} of them with $count{rows} rows of data; replaced before: "
	  . "$count{replaced} statements of $count{replaced_bytes} bytes");

@ours = each_text(
	'COPY (SELECT PATH, s.* FROM splitter_lines(pg_read_file(PATH)) s) TO STDOUT;');
for my $i (0 .. $#texts)
{
	my ($wrong) = grep { $_->[1] ne $_->[2] } @{ $ours[$i]{rows} };

	push @lines, "$texts[$i]{name}: " . ($ours[$i]{error} // "line $wrong->[0] begins inside: $wrong->[2], $wrong->[1] by the lexer")
	  if defined $ours[$i]{error} || $wrong;
	$count{lines} += @{ $ours[$i]{rows} };
	$count{inside} += grep { $_->[1] eq 'f' } @{ $ours[$i]{rows} };
}
is(join("\n", @lines), '', 'the lines in literals and comments are those of the lexer');
note("$count{lines} lines, $count{inside} of them inside of literals and comments");
note(sprintf('lines: %.1f s', time - $start));

# Registered as an up section, with a down section behind it.
my @registered = each_text(q{
	COPY (SELECT PATH, r.* FROM migrate_register_file(regexp_replace(PATH, '.*/(\d+)', '\1_x'),
		E'-- migrate:up\n' || pg_read_file(PATH) || E'\n-- migrate:down\nSELECT 1;\n') r) TO STDOUT;} =~ s/\n\t+/ /gr);
is(join("\n", map { $_->{error} // () } @registered), '', 'all of them can be registered, with a down section behind');
my %plan = map { /^(\d+)\|(.*)/ } split /\n/, $node->safe_psql('postgres', q{
	SELECT version, reversible, statements, reason FROM migrate_plan() JOIN migrate_status USING (version)});
my @planned;
for my $i (0 .. $#texts)
{
	my ($reversible, $statements, $reason) = split /\|/, $plan{ $i + 1 } // 'f', 3;
	my $expected = grep {
		defined $_->{line}
		  && normalised($_->{text}) !~ /\A(?:begin|start\s+transaction|commit|end|abort|rollback(?!(?:\s+(?:work|transaction))?\s+to\b))\b/i
		  && normalised($_->{text}) !~ /\Aset\s+transaction\s+(?!read\s+(?:only|write)\s*\z)/i
	} @{ $texts[$i]{sent} };

	if ($reversible ne 't')
	{
		push @planned, "$texts[$i]{name}: its down section was not seen";
	}
	elsif ($statements eq '')
	{
		$count{broken}++;
		push @planned, "$texts[$i]{name}: $reason"
		  unless $reason =~ /cannot run in a migration|cannot run inside the transaction that|ends inside the transaction that/;
	}
	elsif ($statements != $expected)
	{
		push @planned, "$texts[$i]{name}: $statements statements, $expected by psql";
	}
}
is(join("\n", @planned), '', '... and the plan has their number without those that begin and end transactions');
cmp_ok($count{broken}, '<=', @texts / 20, '... but for few that no migration may do');
note(sprintf('registered: %.1f s', time - $start));

# Is it enough to be worth something?
cmp_ok(scalar(grep { m{/src/test/regress/} } @files), '>=', 200, 'files of the regression tests themselves');
cmp_ok($count{statements}, '>=', 100_000, 'statements were compared');
cmp_ok($count{data}, '>=', 200, 'COPYs with data were compared');
cmp_ok($count{replaced_bytes}, '<=', $count{bytes} / 200, 'next to nothing was replaced');

$node->stop;
done_testing();
