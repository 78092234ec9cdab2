/*-------------------------------------------------------------------------
 *
 * export.c
 *	  The way back: the SQL by which another tool would believe what is applied
 *	  here, migrate_export().
 *
 * Only prints.  What it prints can be run again, and into a table that the
 * tool made itself: it adds what is not there, and takes away what is
 * registered here and not applied.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "tools.h"

#include "catalog/namespace.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

PG_FUNCTION_INFO_V1(migrate_export);

typedef struct Export
{
	const char *title;			/* the tool, for messages */
	char	   *table;			/* quoted */
	char	   *name;			/* of the table alone, not quoted */
	MigApplied *applied;		/* each version once */
	int			napplied;
	MigEntry   *entries;
	int			nentries;
	List	   *statements;		/* of char * */
} Export;

typedef struct Target
{
	const char *tool;
	bool		repeatables;	/* it knows them */
	bool		dots;			/* versions may have them */
	bool		text;			/* versions are text, of any length */
	bool		named_key;		/* Flyway: key and index named after the table */
	const char *columns;		/* of its table */
	void		(*rows) (Export *export);
} Target;

static void
add_statement(Export *export, StringInfo buf)
{
	export->statements = lappend(export->statements, pstrdup(buf->data));
	resetStringInfo(buf);
}

/* A time that is the same in any session. */
static void
append_time(StringInfo buf, TimestampTz at)
{
	appendStringInfo(buf, "timestamptz %s",
					 quote_literal_cstr(DatumGetCString(DirectFunctionCall1(timestamptz_out,
																			TimestampTzGetDatum(at)))));
}

/* The versions that are registered and not applied, as literals. */
static bool
append_pending(Export *export, StringInfo buf, bool text)
{
	bool		any = false;
	int			i;

	for (i = 0; i < export->nentries; i++)
	{
		const MigEntry *entry = &export->entries[i];

		if (entry->applied || entry->kind != MIG_KIND_VERSIONED ||
			(!text && entry->version[strspn(entry->version, "0123456789")] != '\0'))
			continue;
		appendStringInfo(buf, "%s%s", any ? ", " : "",
						 text ? quote_literal_cstr(entry->version) : entry->version);
		any = true;
	}
	return any;
}

static void
delete_pending(Export *export, const char *column, bool text)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "DELETE FROM %s WHERE %s IN (", export->table, column);
	if (append_pending(export, &buf, text))
	{
		appendStringInfoString(&buf, ");");
		add_statement(export, &buf);
	}
}

static void
goose_rows(Export *export)
{
	StringInfoData buf;
	int			i;

	delete_pending(export, "version_id", false);
	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s (version_id, is_applied, tstamp)\n"
					 "SELECT v.version_id, true, v.tstamp FROM (VALUES\n"
					 "\t(0::bigint, now())", export->table);
	for (i = 0; i < export->napplied; i++)
	{
		appendStringInfo(&buf, ",\n\t(%s, ", export->applied[i].version);
		append_time(&buf, export->applied[i].at);
		appendStringInfoChar(&buf, ')');
	}
	appendStringInfo(&buf, ") AS v (version_id, tstamp)\n"
					 "LEFT JOIN (SELECT DISTINCT ON (version_id) version_id, is_applied"
					 " FROM %s ORDER BY version_id, id DESC) h USING (version_id)\n"
					 "WHERE h.is_applied IS NOT TRUE ORDER BY v.version_id;", export->table);
	add_statement(export, &buf);
}

static void
dbmate_rows(Export *export)
{
	StringInfoData buf;
	int			i;

	delete_pending(export, "version", true);
	if (export->napplied == 0)
		return;
	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s (version) VALUES", export->table);
	for (i = 0; i < export->napplied; i++)
		appendStringInfo(&buf, "%s\n\t(%s)", i > 0 ? "," : "",
						 quote_literal_cstr(export->applied[i].version));
	appendStringInfoString(&buf, "\nON CONFLICT DO NOTHING;");
	add_statement(export, &buf);
}

static void
golang_rows(Export *export)
{
	const MigApplied *last = export->napplied > 0 ? &export->applied[export->napplied - 1] : NULL;
	StringInfoData buf;
	int			i;

	for (i = 0; last != NULL && i < export->nentries; i++)
	{
		const MigEntry *entry = &export->entries[i];

		if (!entry->applied && entry->kind == MIG_KIND_VERSIONED &&
			mig_key_cmp(entry->key, last->key) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("%s cannot be told that migration %s is pending", export->title,
							mig_label(entry->version, entry->name)),
					 errdetail("It keeps the last version only, here %s, and takes all before it for applied.",
							   last->version),
					 errhint("Apply it first, or unregister it.")));
	}
	initStringInfo(&buf);
	appendStringInfo(&buf, "DELETE FROM %s;", export->table);
	add_statement(export, &buf);
	if (last == NULL)
		return;
	appendStringInfo(&buf, "INSERT INTO %s (version, dirty) VALUES (%s, false);",
					 export->table, last->version);
	add_statement(export, &buf);
}

/* At most so many characters, as Flyway cuts a description. */
static char *
abbreviated(const char *text, int length)
{
	if (pg_mbstrlen(text) <= length)
		return pstrdup(text);
	return psprintf("%s...", pnstrdup(text, pg_mbcharcliplen(text, strlen(text), length - 3)));
}

static char *
spaced(const char *name)
{
	char	   *result = pstrdup(name);
	char	   *p;

	for (p = result; *p; p++)
	{
		if (*p == '_')
			*p = ' ';
	}
	return result;
}

static const char *
file_name(const MigApplied *record)
{
	const char *slash = record->path ? strrchr(record->path, '/') : NULL;

	return slash ? slash + 1 : record->path;
}

static const char *
flyway_type(const MigApplied *record)
{
	const char *base = file_name(record);
	size_t		len = base ? strlen(base) : 0;

	if (record->kind == MIG_KIND_BASELINE)
		return "SQL_BASELINE";
	return len > 5 && strcmp(base + len - 5, ".java") == 0 ? "JDBC" : "SQL";
}

/* The file's name, or the one that it would have to have for Flyway. */
static char *
flyway_script(const MigApplied *record)
{
	const char *base = file_name(record);
	char		prefix = record->kind == MIG_KIND_REPEATABLE ? 'R' :
		record->kind == MIG_KIND_BASELINE ? 'B' : 'V';
	char	   *name = pstrdup(record->name);
	char	   *p;

	if (base != NULL && base[0] == prefix && strstr(base, "__") != NULL)
		return pstrdup(base);
	for (p = name; *p; p++)
	{
		if (*p == ' ' || *p == '/')
			*p = '_';
	}
	return prefix == 'R' ? psprintf("R__%s.sql", name) :
		psprintf("%c%s__%s.sql", prefix, record->version, name);
}

/* What Flyway has as the checksum of the registered text, or NULL. */
static char *
flyway_checksum(const MigApplied *record)
{
	MigStored  *stored = mig_catalog_fetch(mig_project, record->key);

	if (stored == NULL || stored->up.text == NULL || stored->up.text[0] == '\0')
		return NULL;
	return psprintf("%d", mig_sum_crc32_lines(pg_server_to_any(stored->up.text,
															   strlen(stored->up.text), PG_UTF8)));
}

static void
flyway_rows(Export *export)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "migrate export row",
													  ALLOCSET_DEFAULT_SIZES);
	StringInfoData buf;
	int			i;

	delete_pending(export, "version", true);
	if (export->napplied == 0)
		return;
	initStringInfo(&buf);
	appendStringInfo(&buf, "INSERT INTO %s (installed_rank, version, description, type, script,"
					 " checksum, installed_by, installed_on, execution_time, success)\n"
					 "SELECT (SELECT coalesce(max(installed_rank), 0) FROM %s) + row_number() OVER (ORDER BY v.n),"
					 " v.version, v.description, v.type, v.script, v.checksum, v.installed_by,"
					 " v.installed_on, v.execution_time, true FROM (VALUES",
					 export->table, export->table);
	for (i = 0; i < export->napplied; i++)
	{
		const MigApplied *record = &export->applied[i];
		MemoryContext old = MemoryContextSwitchTo(row_context);
		bool		repeatable = record->kind == MIG_KIND_REPEATABLE;
		char	   *version = repeatable ? "NULL::varchar" : quote_literal_cstr(record->version);
		char	   *description = quote_literal_cstr(abbreviated(repeatable ? record->name : spaced(record->name), 200));
		char	   *script = quote_literal_cstr(flyway_script(record));
		char	   *checksum = flyway_checksum(record);
		char	   *by = quote_literal_cstr(abbreviated(record->by, 100));

		if (pg_mbstrlen(script) > 1000)
			ereport(ERROR,
					(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
					 errmsg("the file name of migration %s is too long for Flyway",
							mig_label(record->version, record->name))));
		MemoryContextSwitchTo(old);
		appendStringInfo(&buf, "%s\n\t(%d, %s, %s, '%s', %s, %s%s, %s, ", i > 0 ? "," : "", i + 1,
						 version, description,
						 flyway_type(record), script,
						 checksum ? checksum : "NULL", i == 0 ? "::integer" : "", by);
		append_time(&buf, record->at);
		appendStringInfo(&buf, ", %d)", (int) Min(record->duration_us / 1000, PG_INT32_MAX));
		MemoryContextReset(row_context);
	}

	/*
	 * of a migration the last row counts; a repeatable goes by its
	 * description
	 */
	appendStringInfo(&buf, ") AS v (n, version, description, type, script, checksum,"
					 " installed_by, installed_on, execution_time)\n"
					 "LEFT JOIN (SELECT DISTINCT ON (1) coalesce(version, 'R ' || description) AS id, type, checksum"
					 " FROM %s ORDER BY 1, installed_rank DESC) h\n"
					 "\tON h.id = coalesce(v.version, 'R ' || v.description)\n"
					 "WHERE h.id IS NULL OR h.type IN ('DELETE', 'UNDO_SQL')"
					 " OR v.version IS NULL AND h.checksum IS DISTINCT FROM v.checksum;",
					 export->table);
	add_statement(export, &buf);
}

static const Target targets[] = {
	{
		"goose", false, false, false, false,
		"id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL,"
		" is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now()",
		goose_rows
	},
	{
		"dbmate", false, false, true, false,
		"version varchar PRIMARY KEY",
		dbmate_rows
	},
	{
		"golang-migrate", false, false, false, false,
		"version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL",
		golang_rows
	},
	{
		"flyway", true, true, true, true,
		"installed_rank integer NOT NULL,"
		" version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,"
		" script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL,"
		" installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL,"
		" success boolean NOT NULL",
		flyway_rows
	}
};

static const Target *
target_argument(const char *name)
{
	int			i;

	for (i = 0; i < lengthof(targets); i++)
	{
		if (strcmp(targets[i].tool, name) == 0)
			return &targets[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no export for \"%s\"", name),
			 errhint("There is one for goose, dbmate, golang-migrate and flyway.")));
	return NULL;
}

/* Digits, with dots between them where the tool has that, and a number it can hold. */
static bool
is_version_of(const Target *target, const char *version)
{
	size_t		len = strlen(version);
	const char *digits = version + strspn(version, "0");

	if (len == 0 || strspn(version, target->dots ? "0123456789." : "0123456789") != len ||
		version[0] == '.' || version[len - 1] == '.' || strstr(version, "..") != NULL)
		return false;
	if (target->dots)
		return len <= 50;
	if (target->text)
		return true;
	len = strlen(digits);
	return len > 0 && (len < 19 || (len == 19 && strcmp(digits, "9223372036854775807") <= 0));
}

/* Refuse what the tool has no way to say. */
static void
check_applied(const Export *export, const Target *target)
{
	int			i;

	for (i = 0; i < export->napplied; i++)
	{
		const MigApplied *record = &export->applied[i];

		if (record->kind == MIG_KIND_REPEATABLE && !target->repeatables)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s cannot be told of the repeatable migration \"%s\"",
							export->title, record->name),
					 errdetail("It knows versions only."),
					 errhint("Take it off the records with migrate_unmark(), as that tool will never run it.")));
		if (record->kind != MIG_KIND_REPEATABLE && !is_version_of(target, record->version))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s cannot have the version \"%s\"", export->title, record->version),
					 errdetail("Its versions are %s.",
							   target->dots ? "numbers with dots between them, of 50 characters at most" :
							   target->text ? "digits" : "numbers from 1 to 9223372036854775807")));
	}
}

/* A baseline script has a record of its own beside its version's. */
static int
without_doubles(MigApplied *applied, int n)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		if (applied[i].kind == MIG_KIND_BASELINE &&
			mig_key_cmp(applied[i].key, mig_version_key(MIG_KIND_BASELINE, applied[i].version)) == 0)
			continue;
		applied[kept++] = applied[i];
	}
	return kept;
}

Datum
migrate_export(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	const Target *target = target_argument(mig_text_argument(fcinfo, 0, "tool"));
	char	   *table = mig_text_argument(fcinfo, 1, NULL);
	Export		export = {0};
	MemoryContext context;
	MemoryContext caller;
	StringInfoData buf;
	ListCell   *lc;
	int			nest;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	context = AllocSetContextCreate(CurrentMemoryContext, "migrate export", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	export.title = mig_tool_find(target->tool)->title;
	if (table == NULL)
		export.table = export.name = pstrdup(mig_tool_find(target->tool)->table);
	else
	{
		RangeVar   *name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(table)));

		export.table = quote_qualified_identifier(name->schemaname, name->relname);
		export.name = name->relname;
	}
	export.applied = mig_state_applied(mig_project, &export.napplied);
	export.napplied = without_doubles(export.applied, export.napplied);
	export.entries = mig_catalog_load(mig_project, &export.nentries);
	check_applied(&export, target);

	nest = NewGUCNestLevel();
	(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("timezone", "UTC", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE TABLE IF NOT EXISTS %s (%s", export.table, target->columns);
	if (target->named_key)
		appendStringInfo(&buf, ", CONSTRAINT %s PRIMARY KEY (installed_rank)",
						 quote_identifier(psprintf("%s_pk", export.name)));
	appendStringInfoString(&buf, ");");
	add_statement(&export, &buf);
	if (target->named_key)
	{
		appendStringInfo(&buf, "CREATE INDEX IF NOT EXISTS %s ON %s (success);",
						 quote_identifier(psprintf("%s_s_idx", export.name)), export.table);
		add_statement(&export, &buf);
	}
	target->rows(&export);
	AtEOXact_GUC(true, nest);

	foreach(lc, export.statements)
	{
		Datum		values[1] = {CStringGetTextDatum((char *) lfirst(lc))};
		bool		nulls[1] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
