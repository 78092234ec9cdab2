# Prisma, half way through a history.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Tools;

# Its engine comes with the package as WebAssembly; the other ones, which it
# would fetch, are not needed when there are files of their names.
npm_install('prisma@6.19', '@prisma/adapter-pg@6.19', 'pg@8');
my $program = npm_program('prisma');
start_node('prisma');
my $n = 0;
my @versions;
my @options = (
	{
		PRISMA_QUERY_ENGINE_LIBRARY => '/bin/true',
		PRISMA_SCHEMA_ENGINE_BINARY => '/bin/true',
		PRISMA_HIDE_UPDATE_MESSAGE => 1,
		CHECKPOINT_DISABLE => 1
	});

foreach my $step (@HISTORY)
{
	push @versions, sprintf('2024%02d01120000_%s', ++$n, $step->{name});
	write_file("$work/$_/migrations/$versions[-1]/migration.sql", $step->{up})
	  foreach $n <= $HALF ? ('half', 'all') : 'all';
}
symlink npm_directory() . '/node_modules', "$work/node_modules";
foreach my $directory ('half', 'all')
{
	write_file("$work/$directory/migrations/migration_lock.toml", qq(provider = "postgresql"\n));
	write_file("$work/$directory/schema.prisma", <<'END');
datasource db {
  provider = "postgresql"
  url = "postgresql://"
}
END
	write_file("$work/$directory/prisma.config.ts", <<'END');
import { defineConfig } from 'prisma/config'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'

// The time limit of a lock, 10 seconds, would keep the process for so long.
const { setTimeout } = globalThis
globalThis.setTimeout = (...args) => setTimeout(...args).unref()

// The adapter knows no columns of type "name", of which the engine asks for some.
class Pool extends pg.Pool {
  async query(...args) {
    const result = await super.query(...args)
    for (const field of [result].flat().flatMap((one) => one?.fields ?? []))
      if (field.dataTypeID === 19) field.dataTypeID = 25
    return result
  }
}

// It would also split scripts at each semicolon, where Prisma's own sends them
// as they are.
class Adapter extends PrismaPg {
  async connect() {
    const adapter = await super.connect()
    adapter.executeScript = async (script) => { await adapter.client.query(script) }
    return adapter
  }
}

export default defineConfig({
  experimental: { adapter: true },
  engine: 'js',
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  adapter: async () => new Adapter(new Pool({ idleTimeoutMillis: 100 })),
})
END
}

sub tool
{
	my ($database, $directory, @command) = @_;

	return ($database, @options, $program, @command, '--config', "$work/$directory/prisma.config.ts");
}

new_database($_) foreach 'half', 'alone';
run_tool('Prisma goes half way', tool('half', 'half', 'migrate', 'deploy'));
run_tool('Prisma goes all the way', tool('alone', 'all', 'migrate', 'deploy'));
new_database('changed', 'half');
new_database('failed', 'half');
new_database('waiting', 'half');

my %take = (
	database => 'half',
	alone => 'alone',
	directory => "$work/all/migrations",
	adopted => [ @versions[ 0 .. $HALF - 1 ] ],
	pending => [ @versions[ $HALF .. $#versions ] ],
	history => 'TABLE _prisma_migrations ORDER BY started_at',
	dated => 'SELECT migration_name, finished_at FROM _prisma_migrations ORDER BY 1',
	without => ['_prisma_migrations']);
take_over(%take);
finish(%take);

copy_directory("$work/all", "$work/changed");
changed_is_refused(
	template => 'changed',
	edited => "$work/changed/migrations",
	file => "$versions[1]/migration.sql",
	edit => [ 'name text', 'name varchar' ],
	version => $versions[1]);

busy_is_refused(
	%take,
	template => 'waiting',
	tool => [ tool('busy', 'all', 'migrate', 'deploy') ]);

# One that fails stays in the history, unfinished, and is in the way until
# somebody says what became of it.
write_file("$work/half/migrations/$versions[$HALF]/migration.sql", "CREATE TABLE half ();\nSELECT 1 / 0;\n");
tool_fails(qr/$versions[$HALF]/, 'Prisma fails', tool('failed', 'half', 'migrate', 'deploy'));
register('failed', "$work/all/migrations");
refused('failed', '', qr/ERROR:  MG023: .*\n.*\Q$versions[$HALF]\E/, 'what failed is not taken over');
refused('failed', 'lenient => true', qr/ERROR:  MG023: .*\n.*\Q$versions[$HALF]\E/, '... however much one insists');
run_tool('Prisma is told that it was rolled back',
	tool('failed', 'half', 'migrate', 'resolve', '--rolled-back', $versions[$HALF]));
rows('failed', q{SELECT count(*) FROM mig.migrate_adopt() WHERE action = 'adopted'}, $HALF, '... which can be taken over');

done_testing();
