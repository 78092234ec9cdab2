/*-------------------------------------------------------------------------
 *
 * variables.c
 *	  What in a script stands for a value.
 *
 * Owns how the formats that have variables write them, and where values come
 * from: the setting migrate.variables, then what migrate_set_variable() has
 * stored for the project, then what a format always knows.  A script's text
 * is stored as its author wrote it; values take their places each time it is
 * parsed.
 *
 * Values are read through catalog.c, so a transaction must be open; no locks
 * stay.  Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "lines.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

PG_FUNCTION_INFO_V1(migrate_set_variable);
PG_FUNCTION_INFO_V1(migrate_variables);

#define NAME_LENGTH 128			/* of a variable, in bytes */

#define is_name_start(c) \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || (c) == '_')
#define is_name_part(c) (is_name_start(c) || ((c) >= '0' && (c) <= '9'))
#define is_upper_part(c) \
	(((c) >= 'A' && (c) <= 'Z') || ((c) >= '0' && (c) <= '9') || (c) == '_')

/* What stands for a name in a script. */
typedef struct MigVariable
{
	char	   *name;
	char	   *value;
	char	   *set_by;			/* NULL: this session's setting */
	bool		set_by_superuser;
} MigVariable;

/* One script whose variables get their values. */
typedef struct Expansion
{
	const MigScript *script;
	List	   *variables;		/* of MigVariable * */
	const char *copied;			/* up to where text is in buf */
	StringInfoData buf;
	int		   *error_line;
} Expansion;

/*
 * Values.
 */

static MigVariable *
make_variable(const char *name, const char *value)
{
	MigVariable *variable = palloc0(sizeof(MigVariable));

	variable->name = pstrdup(name);
	variable->value = pstrdup(value);
	return variable;
}

/* NAME=VALUE, NAME=VALUE ...: a List of MigVariable *; false if it is none. */
static bool
parse_setting(const char *setting, List **variables)
{
	List	   *items;
	ListCell   *lc;

	*variables = NIL;
	if (!SplitGUCList(pstrdup(setting), ',', &items))
		return false;
	foreach(lc, items)
	{
		char	   *item = (char *) lfirst(lc);
		char	   *equals = strchr(item, '=');

		if (equals == NULL || equals == item)
			return false;
		*variables = lappend(*variables, make_variable(mig_copy_trimmed(item, equals),
													   mig_copy_trimmed(equals + 1, item + strlen(item))));
	}
	return true;
}

static bool
is_one_line(const char *value)
{
	return value[strcspn(value, "\r\n")] == '\0';
}

/*
 * mig_check_variables
 *		Check hook of migrate.variables.
 */
bool
mig_check_variables(char **value, void **extra, GucSource source)
{
	List	   *variables;

	if (!parse_setting(*value, &variables))
	{
		GUC_check_errdetail("It must be a list such as name=value, other=value; an item with a comma or a blank in it needs double quotes around it.");
		return false;
	}
	if (!is_one_line(*value))
	{
		GUC_check_errdetail("A value must be one line.");
		return false;
	}
	return true;
}

/* What migrate_set_variable() has stored for a project, likewise. */
static List *
stored_variables(const char *project)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(project)};
	uint64		rows = mig_run_query(Q_VARIABLES, values, NULL);
	List	   *variables = NIL;
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(visit.caller);
		MigVariable *variable = palloc0(sizeof(MigVariable));

		variables = lappend(variables, variable);
		MemoryContextSwitchTo(old);
		variable->name = mig_text_field(&visit, i, 1);
		variable->value = mig_text_field(&visit, i, 2);
		variable->set_by = mig_text_field(&visit, i, 3);
		variable->set_by_superuser = mig_bool_field(i, 4);
	}
	mig_leave(&visit);
	return variables;
}

/* Store the value of a variable, or with NULL forget it: what was done. */
static const char *
store_variable(const char *project, const char *name, const char *value)
{
	MigVisit	visit = mig_enter();
	Datum		values[5] = {
		CStringGetTextDatum(project), CStringGetTextDatum(name), (Datum) 0,
		CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false)),
		BoolGetDatum(superuser_arg(GetSessionUserId()))
	};
	bool		known = mig_run_query(Q_GET_VARIABLE, values, NULL) > 0;
	const char *action;

	if (value == NULL)
	{
		mig_run_query(Q_REMOVE_VARIABLE, values, NULL);
		action = known ? "removed" : "unchanged";
	}
	else
	{
		values[2] = CStringGetTextDatum(value);
		action = mig_run_query(Q_SET_VARIABLE, values, NULL) == 0 ? "unchanged" :
			known ? "replaced" : "set";
	}
	mig_leave(&visit);
	return action;
}

/* What the session knows before any format adds its own. */
static List *
load_variables(void)
{
	List	   *variables;

	(void) parse_setting(mig_variables, &variables);
	return list_concat(variables, stored_variables(mig_project));
}

static const char *
flyway_value(const Expansion *expansion, const char *name)
{
	const char *slash;

	if (pg_strncasecmp(name, "flyway:", strlen("flyway:")) != 0)
		return NULL;
	name += strlen("flyway:");
	if (pg_strcasecmp(name, "defaultSchema") == 0)
	{
		List	   *path = fetch_search_path(false);

		return path ? get_namespace_name(linitial_oid(path)) : NULL;
	}
	if (pg_strcasecmp(name, "user") == 0)
		return GetUserNameFromId(GetUserId(), false);
	if (pg_strcasecmp(name, "database") == 0)
		return get_database_name(MyDatabaseId);
	if (pg_strcasecmp(name, "timestamp") == 0)
		return pnstrdup(timestamptz_to_str(GetCurrentTransactionStartTimestamp()),
						strlen("YYYY-MM-DD HH:MM:SS"));
	if (pg_strcasecmp(name, "environment") == 0)
		return GetConfigOption("migrate.environment", true, false);
	if (pg_strcasecmp(name, "filename") == 0 && expansion->script->path)
	{
		slash = strrchr(expansion->script->path, '/');
		return slash ? slash + 1 : expansion->script->path;
	}
	return NULL;
}

static const char *
graphile_value(const char *name)
{
	if (strcmp(name, "DATABASE_NAME") == 0)
		return get_database_name(MyDatabaseId);
	if (strcmp(name, "DATABASE_OWNER") == 0)
	{
		HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
		Oid			owner;

		if (!HeapTupleIsValid(tuple))
			return NULL;
		owner = ((Form_pg_database) GETSTRUCT(tuple))->datdba;
		ReleaseSysCache(tuple);
		return GetUserNameFromId(owner, false);
	}
	return NULL;
}

/* A superuser's scripts take nothing in that somebody else has thought out. */
static void
refuse_untrusted(const MigVariable *variable)
{
	if (variable->set_by && !variable->set_by_superuser && !mig_trust_registrants &&
		superuser_arg(GetSessionUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNTRUSTED),
				 errmsg("the value of variable \"%s\" was set by %s, who is no superuser",
						variable->name, variable->set_by),
				 errdetail("Its value would become part of a script that runs with a superuser's rights."),
				 errhint("Connect as the role that owns the objects, or look at migrate_variables() and set it again.")));
}

/* The values of a changelog's properties may follow the word. */
static bool
is_liquibase(const char *style)
{
	return strncmp(style, MIG_VARIABLES_LIQUIBASE, strlen(MIG_VARIABLES_LIQUIBASE)) == 0;
}

/* The value of a variable, or NULL. */
static const char *
find_value(const Expansion *expansion, const char *name)
{
	const char *style = expansion->script->variables;
	bool		flyway = strcmp(style, MIG_VARIABLES_FLYWAY) == 0;
	bool		any_case = flyway || is_liquibase(style);
	ListCell   *lc;

	foreach(lc, expansion->variables)
	{
		const MigVariable *variable = (const MigVariable *) lfirst(lc);

		if (any_case ? pg_strcasecmp(variable->name, name) == 0 :
			strcmp(variable->name, name) == 0)
		{
			refuse_untrusted(variable);
			return variable->value;
		}
	}
	return flyway ? flyway_value(expansion, name) :
		strcmp(style, MIG_VARIABLES_GRAPHILE) == 0 ? graphile_value(name) : NULL;
}

/*
 * Places.
 */

static int
line_of(const Expansion *expansion, const char *place)
{
	const char *p = expansion->script->text;
	int			line = expansion->script->line;

	while ((p = memchr(p, '\n', place - p)) != NULL)
	{
		line++;
		p++;
	}
	return line;
}

static void
set_error_line(const Expansion *expansion, int line)
{
	if (expansion->error_line)
		*expansion->error_line = line;
}

/* Text from..to of the script gives way to a value. */
static void
put_value(Expansion *expansion, const char *from, const char *to, const char *value)
{
	appendBinaryStringInfo(&expansion->buf, expansion->copied, from - expansion->copied);
	appendStringInfoString(&expansion->buf, value);
	expansion->copied = to;
}

static void
refuse_undefined(const Expansion *expansion, const char *place, const char *name)
{
	int			line = line_of(expansion, place);

	set_error_line(expansion, line);
	ereport(ERROR,
			(errcode(ERRCODE_MIG_NO_VALUE),
			 errmsg("variable \"%s\" has no value", name),
			 errdetail("It is used in line %d%s%s.", line,
					   expansion->script->path ? " of " : "",
					   expansion->script->path ? expansion->script->path : ""),
			 errhint("Give it one with migrate_set_variable(%s, 'value'), or in the setting migrate.variables.",
					 quote_literal_cstr(name))));
}

static void
refuse_unended(const Expansion *expansion, const char *place)
{
	int			line = line_of(expansion, place);

	set_error_line(expansion, line);
	ereport(ERROR,
			(errcode(ERRCODE_MIG_NO_VALUE),
			 errmsg("\"${\" without \"}\""),
			 errdetail("It is in line %d%s%s.", line,
					   expansion->script->path ? " of " : "",
					   expansion->script->path ? expansion->script->path : "")));
}

/* ${name}, wherever it stands. */
static void
expand_flyway(Expansion *expansion)
{
	const char *p = expansion->script->text;

	while ((p = strstr(p, "${")) != NULL)
	{
		const char *end = strchr(p, '}');
		char	   *name;
		const char *value;

		if (end == NULL)
			refuse_unended(expansion, p);
		name = mig_copy_trimmed(p + 2, end);
		value = find_value(expansion, name);
		if (value == NULL)
			refuse_undefined(expansion, p, name);
		put_value(expansion, p, end + 1, value);
		p = end + 1;
	}
}

/*
 * :NAME, in literals and comments too if it has a value.  In a literal one
 * without is text, as in '12:AM'; in SQL it could be nothing else.
 */
static void
expand_graphile(Expansion *expansion)
{
	const char *text = expansion->script->text;
	const char *p = text;
	bool	   *code = NULL;

	while ((p = strchr(p, ':')) != NULL)
	{
		const char *end = p + 1;
		char	   *name;
		const char *value;

		if (*end == ':')
		{
			p += 2;
			continue;
		}
		while (is_upper_part(*end))
			end++;
		if (end - p < 3 || !(p[1] >= 'A' && p[1] <= 'Z') || is_name_part(*end))
		{
			p++;
			continue;
		}
		name = pnstrdup(p + 1, end - p - 1);
		value = find_value(expansion, name);
		if (value)
			put_value(expansion, p, end, value);
		else
		{
			if (code == NULL)
				code = mig_code_mask(text);
			if (code[p - text])
				refuse_undefined(expansion, p, name);
		}
		p = end;
	}
}

/*
 * A $ in a line of goose's: $NAME, ${NAME}, or with what follows if it has no
 * value: ${NAME-word}, ${NAME:-word}, ${NAME?message}, ${NAME:?message}.
 * Quotes in dollars are none.  Returns what follows.
 */
static const char *
expand_dollar(Expansion *expansion, const char *dollar)
{
	bool		braces = dollar[1] == '{';
	const char *start = dollar + 1 + braces;
	const char *end = start;
	const char *close;
	const char *value;
	char	   *name;
	bool		or_empty;

	if (dollar[1] == '$')
		return dollar + 2;
	while (is_name_part(*end))
		end++;
	if (!is_name_start(*start) || (!braces && *end == '$'))
		return !braces && *end == '$' ? end + 1 : dollar + 1;
	name = pnstrdup(start, end - start);
	value = find_value(expansion, name);
	if (!braces)
	{
		if (value == NULL)
			refuse_undefined(expansion, dollar, name);
		put_value(expansion, dollar, end, value);
		return end;
	}

	close = end + strcspn(end, "}\r\n");
	if (*close != '}')
		refuse_unended(expansion, dollar);
	or_empty = *end == ':';
	if (or_empty)
		end++;
	if (value && or_empty && *value == '\0')
		value = NULL;
	if (value == NULL && *end == '-')
		value = pnstrdup(end + 1, close - end - 1);
	else if (end != close && *end != '-' && *end != '?')
	{
		set_error_line(expansion, line_of(expansion, dollar));
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NO_VALUE),
				 errmsg("unsupported expansion \"%s\"", pnstrdup(dollar, close + 1 - dollar)),
				 errdetail("It is in line %d.", line_of(expansion, dollar)),
				 errhint("Supported are ${NAME}, ${NAME:-word}, ${NAME-word}, ${NAME:?message} and ${NAME?message}.")));
	}
	if (value == NULL)
		refuse_undefined(expansion, dollar, name);
	put_value(expansion, dollar, close + 1, value);
	return close + 1;
}

/* Between goose's directives ENVSUB ON and OFF. */
static void
expand_goose(Expansion *expansion, bool on)
{
	MigLines	lines;

	mig_lines_begin(&lines, expansion->script->text, "script");
	while (mig_lines_next(&lines))
	{
		const char *rest = mig_after_marker(&lines, "+goose");
		const char *p = lines.start;

		if (rest)
		{
			char	   *word = mig_copy_trimmed(rest, lines.end);

			if (pg_strcasecmp(word, "ENVSUB ON") == 0)
				on = true;
			else if (pg_strcasecmp(word, "ENVSUB OFF") == 0)
				on = false;
			continue;
		}
		while (on && (p = memchr(p, '$', lines.end - p)) != NULL)
			p = expand_dollar(expansion, p);
	}
}

/*
 * Liquibase's ${name}, wherever it stands: a value from outside comes before
 * what the changelog says, which stands in the style, and one without either
 * stays as it is.
 */
static void
expand_liquibase(Expansion *expansion)
{
	const char *p = expansion->script->text;
	const char *object = strchr(expansion->script->variables, '{');
	Jsonb	   *properties = NULL;

	if (object)
		properties = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(object)));
	while ((p = strstr(p, "${")) != NULL)
	{
		const char *end = p + 2 + strcspn(p + 2, "${}");
		const char *value;
		char	   *name;

		if (*end != '}')
		{
			p += 2;
			continue;
		}
		name = mig_copy_trimmed(p + 2, end);
		value = find_value(expansion, name);
		if (value == NULL && properties)
		{
			JsonbValue	stored;
			char	   *c;

			for (c = name; *c; c++)
				*c = pg_ascii_tolower((unsigned char) *c);
			if (getKeyJsonValueFromContainer(&properties->root, name, strlen(name), &stored) &&
				stored.type == jbvString)
				value = pnstrdup(stored.val.string.val, stored.val.string.len);
		}
		if (value)
			put_value(expansion, p, end + 1, value);
		p = end + 1;
	}
}

/* drizzle's breakpoints end a statement, semicolon or not. */
static void
end_statements(Expansion *expansion)
{
	static const char mark[] = "--> statement-breakpoint";
	const char *p = expansion->script->text;

	while ((p = strstr(p, mark)) != NULL)
	{
		put_value(expansion, p, p, ";");
		p += strlen(mark);
	}
}

/*
 * mig_expand_variables
 *		The script with values for its variables; itself if it has none.
 *
 * Sets *error_line, unless it is NULL, to the line of what it refuses with
 * ERRCODE_MIG_NO_VALUE or ERRCODE_MIG_UNTRUSTED.
 */
const MigScript *
mig_expand_variables(const MigScript *script, int *error_line)
{
	Expansion	expansion = {script};
	MigScript  *result;

	if (script->variables == NULL || script->text == NULL ||
		strpbrk(script->text, "$:-") == NULL)
		return script;
	expansion.variables = load_variables();
	expansion.copied = script->text;
	expansion.error_line = error_line;
	initStringInfo(&expansion.buf);
	if (strcmp(script->variables, MIG_VARIABLES_FLYWAY) == 0)
		expand_flyway(&expansion);
	else if (strcmp(script->variables, MIG_VARIABLES_GRAPHILE) == 0)
		expand_graphile(&expansion);
	else if (strcmp(script->variables, MIG_VARIABLES_DRIZZLE) == 0)
		end_statements(&expansion);
	else if (is_liquibase(script->variables))
		expand_liquibase(&expansion);
	else
		expand_goose(&expansion, strcmp(script->variables, MIG_VARIABLES_GOOSE_ON) == 0);
	appendStringInfoString(&expansion.buf, expansion.copied);

	result = palloc(sizeof(MigScript));
	*result = *script;
	result->text = expansion.buf.data;
	result->variables = NULL;
	return result;
}

/*
 * SQL functions.
 */

static void
check_name(const char *name)
{
	const char *p = name;

	while (is_name_part(*p) || (p > name && (*p == ':' || *p == '.' || *p == '-')))
		p++;
	if (p == name || *p || p - name > NAME_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid name of a variable: \"%s\"", name),
				 errdetail("A name has letters, digits, \"_\", and after the first also \":\", \".\" and \"-\"; at most %d of them.",
						   NAME_LENGTH)));
}

Datum
migrate_set_variable(PG_FUNCTION_ARGS)
{
	char	   *name = mig_text_argument(fcinfo, 0, "name");
	char	   *value = mig_text_argument(fcinfo, 1, NULL);

	mig_refuse_unless_writable("migrate_set_variable");
	check_name(name);
	if (value && !is_one_line(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the value of variable \"%s\" has several lines", name),
				 errhint("A value must be one line, so that the lines of a script keep their numbers.")));
	PG_RETURN_TEXT_P(cstring_to_text(store_variable(mig_project, name, value)));
}

Datum
migrate_variables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *returned = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *variables;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	variables = load_variables();
	foreach(lc, variables)
	{
		const MigVariable *variable = (const MigVariable *) lfirst(lc);
		Datum		values[3] = {
			CStringGetTextDatum(variable->name), CStringGetTextDatum(variable->value),
			CStringGetTextDatum(variable->set_by ? psprintf("set by %s", variable->set_by) :
								"migrate.variables")
		};
		bool		nulls[3] = {false};

		tuplestore_putvalues(returned->setResult, returned->setDesc, values, nulls);
	}
	return (Datum) 0;
}
