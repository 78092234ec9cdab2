/*-------------------------------------------------------------------------
 *
 * statistics_sql.c
 *	  The sizes of a database's relations as JSON, to be imported where its
 *	  migrations are rehearsed.
 *
 * An export reads the catalogs and looks at files; it locks no relation of a
 * user.  An import is checked to its end before anything is changed.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "statistics.h"

#include <math.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_statistics_export);
PG_FUNCTION_INFO_V1(migrate_statistics_import);
PG_FUNCTION_INFO_V1(migrate_statistics_forget);

#define FORMAT 1				/* of the JSON */
#define LARGEST 1e18			/* number of rows or bytes */

/* What else tells how long things take, and who would wait. */
static const char *const settings[] = {
	"archive_mode", "autovacuum", "deadlock_timeout", "fsync", "lock_timeout",
	"maintenance_work_mem", "max_locks_per_transaction",
	"max_parallel_maintenance_workers", "max_wal_size", "shared_buffers",
	"statement_timeout", "synchronous_commit", "TimeZone", "wal_level", "work_mem"
};

/* A relation in an export or import. */
typedef struct Sized
{
	Oid			oid;			/* hash key */
	char	   *schema;
	char	   *name;
	char		kind;
	MigSize		size;			/* without TOAST */
	int64		toast_bytes;
	int64		index_bytes;	/* sum over its indexes */
} Sized;

/* What has a size of its own. */
static const struct
{
	char		kind;
	const char *name;
}			kinds[] = {
	{RELKIND_RELATION, "table"},
	{RELKIND_MATVIEW, "materialized view"},
	{RELKIND_INDEX, "index"}
};

static const char *
kind_name(char kind)
{
	int			i;

	for (i = 0; i < lengthof(kinds); i++)
	{
		if (kinds[i].kind == kind)
			return kinds[i].name;
	}
	return NULL;
}

/*
 * Export
 */

static bool
is_user_schema(Oid schema, const char *name)
{
	return name != NULL && !IsCatalogNamespace(schema) && !IsToastNamespace(schema) &&
		!isAnyTempNamespace(schema) &&
		strcmp(name, "information_schema") != 0;
}

/* All user relations by their OIDs, each with what it has itself. */
static HTAB *
read_relations(Oid own_schema)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid),.entrysize = sizeof(Sized),.hcxt = CurrentMemoryContext};
	HTAB	   *table = hash_create("migrate relations", 1024, &ctl,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	Relation	rel = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);
		char	   *schema;
		Sized	   *sized;

		CHECK_FOR_INTERRUPTS();
		if (kind_name(class->relkind) == NULL ||
			class->relpersistence == RELPERSISTENCE_TEMP)
			continue;
		schema = get_namespace_name(class->relnamespace);
		if (!is_user_schema(class->relnamespace, schema) ||
			(class->relnamespace == own_schema &&
			 strncmp(NameStr(class->relname), "migrate_", strlen("migrate_")) == 0))
			continue;
		sized = hash_search(table, &class->oid, HASH_ENTER, NULL);
		sized->schema = schema;
		sized->name = pstrdup(NameStr(class->relname));
		sized->kind = class->relkind;
		mig_relation_size_here(class, &sized->size);
		sized->toast_bytes = mig_toast_bytes(class->reltoastrelid);
		if (sized->size.bytes >= 0)
			sized->size.bytes = Max(sized->size.bytes - sized->toast_bytes, 0);
		sized->index_bytes = 0;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return table;
}

static void
add_index_bytes(HTAB *table)
{
	Relation	rel = table_open(IndexRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
		Sized	   *of = hash_search(table, &index->indrelid, HASH_FIND, NULL);
		Sized	   *sized = hash_search(table, &index->indexrelid, HASH_FIND, NULL);

		if (of && sized)
			of->index_bytes += Max(sized->size.bytes, 0);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static int
compare_sized(const void *a, const void *b)
{
	const Sized *one = *(Sized *const *) a;
	const Sized *other = *(Sized *const *) b;
	int			order = strcmp(one->schema, other->schema);

	return order != 0 ? order : strcmp(one->name, other->name);
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_text(JsonbParseState **state, const char *key, const char *text)
{
	JsonbValue	value;

	push_key(state, key);
	value.type = text ? jbvString : jbvNull;
	if (text)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = strlen(text);
	}
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* A number; null if it is negative. */
static void
push_number(JsonbParseState **state, const char *key, int64 number)
{
	JsonbValue	value;

	push_key(state, key);
	value.type = number >= 0 ? jbvNumeric : jbvNull;
	if (number >= 0)
		value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_relation(JsonbParseState **state, const Sized *sized)
{
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_text(state, "schema", sized->schema);
	push_text(state, "name", sized->name);
	push_text(state, "kind", kind_name(sized->kind));
	push_number(state, "rows", sized->size.tuples < 0 ? -1 : (int64) sized->size.tuples);
	push_number(state, "bytes", sized->size.bytes);
	if (sized->kind == RELKIND_RELATION || sized->kind == RELKIND_MATVIEW)
	{
		push_number(state, "toast_bytes", sized->toast_bytes);
		push_number(state, "index_bytes", sized->index_bytes);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Datum
migrate_statistics_export(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	JsonbParseState *state = NULL;
	Oid			own_schema;
	Oid			owner;
	HTAB	   *table;
	HASH_SEQ_STATUS seq;
	Sized	   *sized;
	Sized	  **sorted;
	int			n = 0;
	int			i;
	Jsonb	   *result;

	if (!mig_extension(&own_schema, &owner))
		own_schema = InvalidOid;
	table = read_relations(own_schema);
	add_index_bytes(table);
	sorted = palloc_extended(sizeof(Sized *) * (hash_get_num_entries(table) + 1), MCXT_ALLOC_HUGE);
	hash_seq_init(&seq, table);
	while ((sized = hash_seq_search(&seq)) != NULL)
		sorted[n++] = sized;
	qsort(sorted, n, sizeof(Sized *), compare_sized);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_number(&state, "format", FORMAT);
	push_text(&state, "database", get_database_name(MyDatabaseId));
	push_text(&state, "exported_at", timestamptz_to_str(GetCurrentTimestamp()));
	push_text(&state, "server_version", GetConfigOption("server_version", false, false));
	push_key(&state, "settings");
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (i = 0; i < lengthof(settings); i++)
		push_text(&state, settings[i], GetConfigOptionByName(settings[i], NULL, false));
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	push_key(&state, "relations");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		push_relation(&state, sorted[i]);
	}
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	result = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));

	MemoryContextSwitchTo(caller);
	result = memcpy(palloc(VARSIZE(result)), result, VARSIZE(result));
	MemoryContextDelete(context);
	PG_RETURN_JSONB_P(result);
}

/*
 * Import
 */

static void
refuse(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("these are no statistics as migrate_statistics_export() makes them"),
			 errdetail_internal("%s", detail),
			 errhint("Nothing was imported.")));
}

static const JsonbValue *
member(JsonbContainer *object, const char *key)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), NULL);
}

/* A string; NULL if it is not there or null. */
static char *
text_member(JsonbContainer *object, const char *key, const char *where)
{
	const JsonbValue *value = member(object, key);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		refuse(psprintf("\"%s\" of %s is not a string.", key, where));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static char *
name_member(JsonbContainer *object, const char *key, const char *where)
{
	char	   *name = text_member(object, key, where);

	if (name == NULL || *name == '\0')
		refuse(psprintf("There is no \"%s\" in %s.", key, where));
	if (strlen(name) >= NAMEDATALEN)
		refuse(psprintf("\"%s\" of %s is longer than a name can be.", key, where));
	return name;
}

/* A number that cannot be negative; otherwise, if it is not there or null. */
static double
number_member(JsonbContainer *object, const char *key, const char *where, double otherwise)
{
	const JsonbValue *value = member(object, key);
	double		number;

	if (value == NULL || value->type == jbvNull)
		return otherwise;
	if (value->type != jbvNumeric)
		refuse(psprintf("\"%s\" of %s is not a number.", key, where));
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!(number >= 0 && number <= LARGEST))
		refuse(psprintf("\"%s\" of %s is not between 0 and %.0e.", key, where, LARGEST));
	return rint(number);
}

static Sized *
read_relation(JsonbContainer *object, int number)
{
	Sized	   *sized = palloc0(sizeof(Sized));
	const char *where = psprintf("relation %d", number);
	char	   *kind;
	int			i;

	sized->schema = name_member(object, "schema", where);
	sized->name = name_member(object, "name", where);
	kind = text_member(object, "kind", where);
	for (i = 0; i < lengthof(kinds); i++)
	{
		if (kind && strcmp(kind, kinds[i].name) == 0)
			sized->kind = kinds[i].kind;
	}
	if (sized->kind == '\0')
		refuse(psprintf("\"kind\" of %s is none that has a size.", where));
	sized->size.tuples = number_member(object, "rows", where, -1);
	sized->size.bytes = number_member(object, "bytes", where, -1);
	sized->toast_bytes = number_member(object, "toast_bytes", where, 0);
	sized->index_bytes = number_member(object, "index_bytes", where, 0);
	return sized;
}

typedef struct Seen
{
	char	   *name;			/* hash key */
} Seen;

/* All of them, as a List of Sized *. */
static List *
read_import(JsonbContainer *root)
{
	JsonbContainer *array;
	const JsonbValue *relations;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	HTAB	   *seen;
	List	   *result = NIL;

	if (!JsonContainerIsObject(root))
		refuse("They are not an object.");
	if (number_member(root, "format", "the whole", 0) != FORMAT)
		refuse(psprintf("\"format\" is not %d.", FORMAT));
	relations = member(root, "relations");
	if (relations == NULL || relations->type != jbvBinary ||
		!JsonContainerIsArray(relations->val.binary.data))
		refuse("\"relations\" is not an array.");
	array = relations->val.binary.data;
	seen = mig_string_table("migrate relations", sizeof(Seen), JsonContainerSize(array));

	it = JsonbIteratorInit(array);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		Sized	   *sized;
		char	   *name;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			refuse(psprintf("Relation %d is not an object.", list_length(result) + 1));
		sized = read_relation(value.val.binary.data, list_length(result) + 1);
		name = quote_qualified_identifier(sized->schema, sized->name);
		hash_search(seen, &name, HASH_ENTER, &found);
		if (found)
			refuse(psprintf("%s is in them twice.", name));
		result = lappend(result, sized);
	}
	return result;
}

enum
{
	COLUMN_SCHEMA,
	COLUMN_NAME,
	COLUMN_KIND,
	COLUMN_ROWS,
	COLUMN_BYTES,
	COLUMN_TOAST,
	COLUMN_INDEXES,
	COLUMNS
};

static void
store_relations(const List *relations)
{
	int			n = list_length(relations);
	Datum	   *columns[COLUMNS];
	Datum		values[COLUMNS];
	ListCell   *lc;
	int			i;

	for (i = 0; i < COLUMNS; i++)
		columns[i] = palloc_extended(sizeof(Datum) * (n + 1), MCXT_ALLOC_HUGE);
	foreach(lc, relations)
	{
		const Sized *sized = (const Sized *) lfirst(lc);

		i = foreach_current_index(lc);
		columns[COLUMN_SCHEMA][i] = CStringGetTextDatum(sized->schema);
		columns[COLUMN_NAME][i] = CStringGetTextDatum(sized->name);
		columns[COLUMN_KIND][i] = CStringGetTextDatum(kind_name(sized->kind));
		columns[COLUMN_ROWS][i] = Int64GetDatum((int64) sized->size.tuples);
		columns[COLUMN_BYTES][i] = Int64GetDatum(sized->size.bytes);
		columns[COLUMN_TOAST][i] = Int64GetDatum(sized->toast_bytes);
		columns[COLUMN_INDEXES][i] = Int64GetDatum(sized->index_bytes);
	}
	for (i = 0; i < COLUMNS; i++)
		values[i] = mig_array_datum(columns[i], n, i <= COLUMN_KIND ? TEXTOID : INT8OID);
	mig_run_query(Q_STATISTIC_STORE, values, NULL);
}

Datum
migrate_statistics_import(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context;
	JsonbContainer *root;
	List	   *relations;
	Datum		values[4];
	bool		nulls[4] = {false};
	MigVisit	visit;
	int			n;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", "statistics")));
	mig_refuse_unless_writable("migrate_statistics_import");
	context = mig_call_context(&caller);
	root = &PG_GETARG_JSONB_P(0)->root;
	relations = read_import(root);
	n = list_length(relations);
	values[0] = mig_text_datum(text_member(root, "database", "the whole"), &nulls[0]);
	values[1] = mig_text_datum(text_member(root, "server_version", "the whole"), &nulls[1]);
	values[2] = mig_text_datum(text_member(root, "exported_at", "the whole"), &nulls[2]);
	values[3] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));

	visit = mig_enter();
	mig_run_query(Q_STATISTIC_CLEAR, NULL, NULL);
	mig_run_query(Q_STATISTIC_CLEAR_SOURCE, NULL, NULL);
	store_relations(relations);
	mig_run_query(Q_STATISTIC_STORE_SOURCE, values, nulls);
	mig_leave(&visit);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT32(n);
}

Datum
migrate_statistics_forget(PG_FUNCTION_ARGS)
{
	MigVisit	visit;
	int			n;

	mig_refuse_unless_writable("migrate_statistics_forget");
	visit = mig_enter();
	n = mig_run_query(Q_STATISTIC_CLEAR, NULL, NULL);
	mig_run_query(Q_STATISTIC_CLEAR_SOURCE, NULL, NULL);
	mig_leave(&visit);
	PG_RETURN_INT32(n);
}
