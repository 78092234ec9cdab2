/*-------------------------------------------------------------------------
 *
 * tools.c
 *	  The table of other migration tools: by which columns their history is
 *	  known, what a row of it means, and how they lock it.
 *
 * To know one more tool is to add one entry.  Nothing here knows our tables.
 *
 * Pure: no catalogs, no locks, any transaction state.  What a row function
 * makes is palloc'd and shares the fields' memory.
 *
 *-------------------------------------------------------------------------
 */
#include "tools.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#define TEXT	MIG_FIELD_TEXT
#define NUMBER	MIG_FIELD_NUMBER
#define BOOL	MIG_FIELD_BOOL
#define TIME	MIG_FIELD_TIME
#define BYTES	MIG_FIELD_BYTES
#define TEXTS	MIG_FIELD_TEXTS
#define MAYBE	MIG_FIELD_OPTIONAL

#define FIX_BY_HAND "Bring the database into the state before or after that migration by hand, "

/* No message is flooded by what a table holds. */
#define SHOWN_LENGTH 200

static char *
shown(const char *text)
{
	text = text ? text : "";
	return pnstrdup(text, pg_mbcliplen(text, strlen(text), SHOWN_LENGTH));
}

static void
set_time(MigToolRow *row, const MigToolField *field)
{
	row->dated = field->timed;
	row->at = field->time;
}

static char *
or_empty(char *text)
{
	return text ? text : pstrdup("");
}

/* A row that is about the migration of this version. */
static void
set_version(MigToolRow *row, const MigToolField *field)
{
	row->identity = or_empty(field->text);
	row->versions = list_make1(row->identity);
}

/* A row that is about the migration of this file. */
static void
set_file(MigToolRow *row, const MigToolField *field)
{
	row->identity = or_empty(field->text);
	row->file = row->identity;
}

static void
flyway_row(const MigToolField *fields, MigToolRow *row)
{
	char	   *type = or_empty(fields[3].text);

	row->rank = fields[0].number;
	row->repeatable = fields[1].isnull;
	row->name = fields[2].text;
	row->file = fields[4].text;
	row->by = fields[6].text;
	set_time(row, &fields[7]);
	row->duration_us = Max(fields[8].number, 0) * INT64CONST(1000);
	if (row->repeatable)
		row->identity = or_empty(row->name);
	else
		set_version(row, &fields[1]);

	/* of what is no SQL the checksum is a matter of its own */
	if (!fields[5].isnull && strncmp(type, "SQL", 3) == 0)
		row->checksum = fields[5].text;

	if (fields[9].isnull || !fields[9].truth)
	{
		row->kind = MIG_ROW_FAILED;
		row->failure = psprintf("%s failed", shown(row->file));
	}
	else if (strcmp(type, "SCHEMA") == 0)
		row->kind = MIG_ROW_IGNORED;
	else if (strcmp(type, "BASELINE") == 0 || strcmp(type, "INIT") == 0)
		row->kind = MIG_ROW_BASELINE;
	else if (strcmp(type, "SQL_BASELINE") == 0)
		row->kind = MIG_ROW_BASELINE_SCRIPT;
	else if (strncmp(type, "UNDO", 4) == 0 || strcmp(type, "DELETE") == 0)
		row->kind = MIG_ROW_UNDONE;
}

static int64
flyway_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(77431708279161) +
		mig_java_hash(psprintf("\"%s\".\"%s\"", schema, table));
}

static char *
without_blanks(const char *text)
{
	size_t		len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return pnstrdup(text, len);
}

static void
liquibase_row(const MigToolField *fields, MigToolRow *row)
{
	char	   *id = without_blanks(or_empty(fields[0].text));
	char	   *author = without_blanks(or_empty(fields[1].text));
	char	   *path = or_empty(fields[2].text);
	char	   *slash = strrchr(path, '/');
	char	   *base = slash ? slash + 1 : path;
	char	   *dot = strrchr(base, '.');
	char	   *bare = dot ? pnstrdup(base, dot - base) : base;

	row->rank = fields[4].number;
	row->identity = psprintf("%s::%s::%s", path, id, author);
	row->versions = list_make4(psprintf("%s::%s::%s", base, id, author),
							   psprintf("%s::%s::%s", bare, id, author),
							   row->identity,
							   psprintf("%s::%s", id, author));
	set_time(row, &fields[3]);

	/* of other versions, and of XML and the like, it is not the SQL's alone */
	if (fields[6].text && strncmp(fields[6].text, "9:", 2) == 0 &&
		dot != NULL && pg_strcasecmp(dot, ".sql") == 0)
		row->checksum = fields[6].text;
}

static void
alembic_row(const MigToolField *fields, MigToolRow *row)
{
	row->kind = MIG_ROW_HEAD;
	set_version(row, &fields[0]);
}

static void
sqitch_row(const MigToolField *fields, MigToolRow *row)
{
	/* a change that was reworked is there again, under another id */
	row->identity = or_empty(fields[0].text);
	row->checksum = fields[1].text;
	row->versions = list_make1(or_empty(fields[2].text));
	row->name = or_empty(fields[2].text);
	row->scope = or_empty(fields[3].text);
	set_time(row, &fields[4]);
	row->rank = fields[4].time;
	row->by = fields[5].text;
}

static int64
sqitch_lock(const char *schema, const char *table, const char *database)
{
	return 75474063;
}

static void
goose_row(const MigToolField *fields, MigToolRow *row)
{
	row->rank = fields[0].number;
	set_version(row, &fields[1]);
	set_time(row, &fields[3]);
	if (fields[1].number <= 0)
		row->kind = MIG_ROW_IGNORED;
	else if (!fields[2].truth)
		row->kind = MIG_ROW_UNDONE;
}

static int64
goose_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(4097083626);
}

static void
golang_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	row->kind = MIG_ROW_LAST;
	if (fields[1].isnull || fields[1].truth)
	{
		row->kind = MIG_ROW_FAILED;
		row->failure = psprintf("version %s is dirty", row->identity);
	}
	else if (fields[0].number < 0)
		row->kind = MIG_ROW_IGNORED;
}

static int64
golang_lock(const char *schema, const char *table, const char *database)
{
	size_t		schema_len = strlen(schema);
	size_t		table_len = strlen(table);
	size_t		database_len = strlen(database);
	char	   *joined = palloc0(schema_len + table_len + database_len + 3);

	memcpy(joined, schema, schema_len);
	memcpy(joined + schema_len + 1, table, table_len);
	memcpy(joined + schema_len + table_len + 2, database, database_len);
	return (uint32) (mig_crc32(joined, schema_len + table_len + database_len + 2) *
					 (uint32) 1486364155);
}

static void
version_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	set_time(row, &fields[1]);
}

static void
supabase_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	row->name = fields[2].text;
	row->by = fields[3].text;
}

static int64
rails_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(2053462845) * (int64) mig_crc32(database, strlen(database));
}

static void
graphile_row(const MigToolField *fields, MigToolRow *row)
{
	char	   *file = or_empty(fields[2].text);

	row->identity = file;
	row->file = file;
	row->versions = list_make1(pnstrdup(file, strspn(file, "0123456789")));
	row->rank = strtol(file, NULL, 10);
	row->checksum = fields[0].text;
	row->previous = fields[1].text;
	set_time(row, &fields[3]);
}

static int64
graphile_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(4727445306447283);
}

/* Bits of a revision's type. */
#define ATLAS_BASELINE	1
#define ATLAS_RESOLVED	4

static void
atlas_row(const MigToolField *fields, MigToolRow *row)
{
	int64		type = fields[2].number;
	char	   *hash = fields[8].text;

	set_version(row, &fields[0]);
	row->name = fields[1].text;
	set_time(row, &fields[5]);
	row->duration_us = Max(fields[6].number, 0) / 1000;
	if (hash != NULL && hash[0] != '\0')
		row->checksum = strncmp(hash, "h1:", 3) == 0 ? hash + 3 : hash;

	if (row->identity[0] == '.')
		row->kind = MIG_ROW_IGNORED;
	else if (type & ATLAS_BASELINE)
		row->kind = MIG_ROW_BASELINE;
	else if (!(type & ATLAS_RESOLVED) &&
			 (fields[3].number < fields[4].number ||
			  (fields[7].text != NULL && fields[7].text[0] != '\0')))
	{
		row->kind = MIG_ROW_FAILED;
		row->failure = psprintf("of version %s " INT64_FORMAT " of " INT64_FORMAT " statements were applied",
								shown(row->identity), fields[3].number, fields[4].number);
	}
}

static int64
atlas_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(2686470616);
}

static void
sqlx_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	row->rank = fields[0].number;
	row->name = fields[1].text;
	set_time(row, &fields[2]);
	row->checksum = fields[4].text;
	row->duration_us = Max(fields[5].number, 0) / 1000;
	if (fields[3].isnull || !fields[3].truth)
	{
		row->kind = MIG_ROW_FAILED;
		row->failure = psprintf("version %s failed", row->identity);
	}
}

static int64
sqlx_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(0x3d32ad9e) * (int64) mig_crc32(database, strlen(database));
}

static void
prisma_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[3]);
	row->rank = fields[5].time;
	row->checksum = fields[1].text;
	set_time(row, fields[2].isnull ? &fields[5] : &fields[2]);
	if (!fields[2].isnull && !fields[5].isnull && fields[2].time > fields[5].time)
		row->duration_us = fields[2].time - fields[5].time;
	if (!fields[4].isnull)
		row->kind = MIG_ROW_IGNORED;
	else if (fields[2].isnull)
	{
		row->kind = MIG_ROW_FAILED;
		row->failure = psprintf("%s was begun and not finished", shown(row->identity));
	}
}

static int64
prisma_lock(const char *schema, const char *table, const char *database)
{
	return 72707369;
}

static void
django_row(const MigToolField *fields, MigToolRow *row)
{
	char	   *app = or_empty(fields[1].text);
	char	   *name = or_empty(fields[2].text);

	row->rank = fields[0].number;
	row->identity = psprintf("%s.%s", app, name);
	row->versions = list_make3(row->identity, psprintf("%s/%s", app, name),
							   psprintf("%s_%s", app, name));
	row->name = name;
	set_time(row, &fields[3]);
}

static void
refinery_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	row->rank = fields[0].number;
	row->name = fields[1].text;
}

static void
drizzle_row(const MigToolField *fields, MigToolRow *row)
{
	row->rank = fields[2].number;
	row->identity = or_empty(fields[1].text);
	row->checksum = row->identity;

	/* milliseconds since 1970, and not beyond the year 9999 */
	row->dated = fields[2].number > 0 && fields[2].number < INT64CONST(253402300800000);
	if (row->dated)
		row->at = (fields[2].number - INT64CONST(946684800000)) * 1000;
}

static void
file_row(const MigToolField *fields, MigToolRow *row)
{
	row->rank = fields[0].number;
	set_file(row, &fields[1]);
	set_time(row, &fields[2]);
}

static int64
node_pg_migrate_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(7241865325823964);
}

static void
sql_migrate_row(const MigToolField *fields, MigToolRow *row)
{
	set_file(row, &fields[0]);
	set_time(row, &fields[1]);
}

static void
postgres_migrations_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[0]);
	row->rank = fields[0].number;
	row->name = fields[1].text;
	row->checksum = fields[2].text;
	set_time(row, &fields[3]);
	/* its own table's migration */
	if (fields[0].number == 0)
		row->kind = MIG_ROW_IGNORED;
}

static int64
postgres_migrations_lock(const char *schema, const char *table, const char *database)
{
	return INT64CONST(-8525285245963000605);
}

static void
typeorm_row(const MigToolField *fields, MigToolRow *row)
{
	set_version(row, &fields[1]);
	row->rank = fields[0].number;
	row->name = fields[2].text;
	row->file = fields[2].text;
}

static void
name_row(const MigToolField *fields, MigToolRow *row)
{
	set_file(row, &fields[0]);
}

/* In the order in which they are named to people. */
const MigTool mig_tools[] = {
	{
		.name = "flyway", .title = "Flyway", .table = "flyway_schema_history",
		.columns = {
			{"installed_rank", NUMBER}, {"version", TEXT}, {"description", TEXT},
			{"type", TEXT}, {"script", TEXT}, {"checksum", NUMBER}, {"installed_by", TEXT},
			{"installed_on", TIME}, {"execution_time", NUMBER}, {"success", BOOL}
		},
		.row = flyway_row, .lock = flyway_lock, .verify = mig_sum_flyway,
		.remedy = FIX_BY_HAND "and then run \"flyway repair\"."
	},
	{
		.name = "liquibase", .title = "Liquibase", .table = "databasechangelog",
		.columns = {
			{"id", TEXT}, {"author", TEXT}, {"filename", TEXT}, {"dateexecuted", TIME},
			{"orderexecuted", NUMBER}, {"exectype", TEXT}, {"md5sum", TEXT}
		},
		.row = liquibase_row, .verify = mig_sum_liquibase, .any_kind = true,
		.lock_table = "lock", .lock_column = "locked"
	},
	{
		.name = "sqitch", .title = "Sqitch", .table = "changes",
		.columns = {
			{"change_id", TEXT}, {"script_hash", TEXT}, {"change", TEXT}, {"project", TEXT},
			{"committed_at", TIME}, {"committer_name", TEXT}, {"planned_at", TIME}
		},
		.row = sqitch_row, .lock = sqitch_lock, .verify = mig_sum_sha1
	},
	{
		.name = "alembic", .title = "Alembic", .table = "alembic_version",
		.named = true, .closed = true,
		.columns = {{"version_num", TEXT}},
		.row = alembic_row, .last_only = true
	},
	{
		.name = "goose", .title = "goose", .table = "goose_db_version",
		.columns = {
			{"id", NUMBER}, {"version_id", NUMBER}, {"is_applied", BOOL}, {"tstamp", TIME}
		},
		.row = goose_row, .lock = goose_lock
	},
	{
		.name = "golang-migrate", .title = "golang-migrate", .table = "schema_migrations",
		.closed = true,
		.columns = {{"version", NUMBER}, {"dirty", BOOL}},
		.row = golang_row, .lock = golang_lock, .last_only = true,
		.remedy = FIX_BY_HAND "and then run \"migrate force VERSION\"."
	},
	{
		.name = "dbmate", .title = "dbmate", .table = "schema_migrations",
		.named = true, .closed = true,
		.columns = {{"version", TEXT}},
		.row = version_row, .format = "native"
	},
	{
		.name = "rails", .title = "Rails", .table = "schema_migrations",
		.named = true, .closed = true,
		.columns = {{"version", TEXT}},
		.row = version_row, .lock = rails_lock, .format = "rails"
	},
	{
		.name = "ecto", .title = "Ecto", .table = "schema_migrations",
		.closed = true,
		.columns = {{"version", NUMBER}, {"inserted_at", TIME}},
		.row = version_row
	},
	{
		.name = "supabase", .title = "Supabase", .table = "schema_migrations",
		.columns = {
			{"version", TEXT}, {"statements", TEXTS}, {"name", TEXT | MAYBE},
			{"created_by", TEXT | MAYBE}
		},
		.row = supabase_row
	},
	{
		.name = "graphile-migrate", .title = "graphile-migrate", .table = "migrations",
		.columns = {
			{"hash", TEXT}, {"previous_hash", TEXT}, {"filename", TEXT}, {"date", TIME}
		},
		.row = graphile_row, .lock = graphile_lock, .verify = mig_sum_graphile
	},
	{
		.name = "atlas", .title = "Atlas", .table = "atlas_schema_revisions",
		.columns = {
			{"version", TEXT}, {"description", TEXT}, {"type", NUMBER}, {"applied", NUMBER},
			{"total", NUMBER}, {"executed_at", TIME}, {"execution_time", NUMBER},
			{"error", TEXT | MAYBE}, {"hash", TEXT}
		},
		.row = atlas_row, .lock = atlas_lock, .running = true, .checkpoints = true,
		.remedy = FIX_BY_HAND "and then run \"atlas migrate set VERSION\"."
	},
	{
		.name = "sqlx", .title = "sqlx", .table = "_sqlx_migrations",
		.columns = {
			{"version", NUMBER}, {"description", TEXT}, {"installed_on", TIME},
			{"success", BOOL}, {"checksum", BYTES}, {"execution_time", NUMBER}
		},
		.row = sqlx_row, .lock = sqlx_lock, .verify = mig_sum_sha384,
		.remedy = FIX_BY_HAND "and then delete its row, or set success in it."
	},
	{
		.name = "prisma", .title = "Prisma", .table = "_prisma_migrations",
		.columns = {
			{"id", TEXT}, {"checksum", TEXT}, {"finished_at", TIME},
			{"migration_name", TEXT}, {"rolled_back_at", TIME}, {"started_at", TIME},
			{"applied_steps_count", NUMBER}
		},
		.row = prisma_row, .lock = prisma_lock, .verify = mig_sum_sha256,
		.remedy = FIX_BY_HAND "and then run \"prisma migrate resolve\" with --rolled-back or --applied."
	},
	{
		.name = "diesel", .title = "Diesel", .table = "__diesel_schema_migrations",
		.closed = true,
		.columns = {{"version", TEXT}, {"run_on", TIME}},
		.row = version_row
	},
	{
		.name = "django", .title = "Django", .table = "django_migrations",
		.named = true, .closed = true,
		.columns = {{"id", NUMBER}, {"app", TEXT}, {"name", TEXT}, {"applied", TIME}},
		.row = django_row, .by_name = true
	},
	{
		.name = "refinery", .title = "refinery", .table = "refinery_schema_history",
		.closed = true,
		.columns = {
			{"version", NUMBER}, {"name", TEXT}, {"applied_on", TEXT}, {"checksum", TEXT}
		},
		.row = refinery_row
	},
	{
		.name = "drizzle", .title = "drizzle", .table = "__drizzle_migrations",
		.named = true,
		.columns = {{"id", NUMBER}, {"hash", TEXT}, {"created_at", NUMBER}},
		.row = drizzle_row, .verify = mig_sum_sha256, .by_hash = true
	},
	{
		.name = "knex", .title = "Knex", .table = "knex_migrations",
		.closed = true,
		.columns = {
			{"id", NUMBER}, {"name", TEXT}, {"migration_time", TIME}, {"batch", NUMBER}
		},
		.row = file_row, .lock_table = "_lock", .lock_column = "is_locked"
	},
	{
		.name = "node-pg-migrate", .title = "node-pg-migrate", .table = "pgmigrations",
		.closed = true,
		.columns = {{"id", NUMBER}, {"name", TEXT}, {"run_on", TIME}},
		.row = file_row, .lock = node_pg_migrate_lock
	},
	{
		.name = "sql-migrate", .title = "sql-migrate", .table = "gorp_migrations",
		.named = true, .closed = true,
		.columns = {{"id", TEXT}, {"applied_at", TIME}},
		.row = sql_migrate_row
	},
	{
		.name = "postgres-migrations", .title = "postgres-migrations", .table = "migrations",
		.closed = true,
		.columns = {{"id", NUMBER}, {"name", TEXT}, {"hash", TEXT}, {"executed_at", TIME}},
		.row = postgres_migrations_row, .lock = postgres_migrations_lock,
		.verify = mig_sum_named_sha1
	},
	{
		.name = "typeorm", .title = "TypeORM", .table = "migrations",
		.named = true, .closed = true,
		.columns = {{"id", NUMBER}, {"timestamp", NUMBER}, {"name", TEXT}},
		.row = typeorm_row
	},
	{
		.name = "laravel", .title = "Laravel", .table = "migrations",
		.named = true, .closed = true,
		.columns = {{"id", NUMBER}, {"migration", TEXT}, {"batch", NUMBER}},
		.row = file_row
	},
	{
		.name = "ef", .title = "EF Core", .table = "__EFMigrationsHistory",
		.closed = true,
		.columns = {{"MigrationId", TEXT}, {"ProductVersion", TEXT}},
		.row = name_row
	},
	{
		.name = "sequelize", .title = "Sequelize", .table = "SequelizeMeta",
		.named = true, .closed = true,
		.columns = {{"name", TEXT}},
		.row = name_row
	}
};

const int	mig_ntools = lengthof(mig_tools);

/*
 * mig_tool_find
 *		The tool of that name, or NULL.
 */
const MigTool *
mig_tool_find(const char *name)
{
	int			i;

	for (i = 0; i < mig_ntools; i++)
	{
		if (strcmp(mig_tools[i].name, name) == 0)
			return &mig_tools[i];
	}
	return NULL;
}

/*
 * mig_tool_names
 *		The names of all, for messages.
 */
char *
mig_tool_names(void)
{
	StringInfoData names;
	int			i;

	initStringInfo(&names);
	for (i = 0; i < mig_ntools; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", mig_tools[i].name);
	return names.data;
}
