/*-------------------------------------------------------------------------
 *
 * manifest.c
 *	  What this environment consists of, as one document: who it is, its
 *	  migrations, its objects.
 *
 * Objects are grouped by kind and identity, each with the hashes of its
 * components, or, if definitions are asked for, with pairs of hash and
 * definition.  Read like a snapshot; nothing is written, any transaction
 * state.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "parity.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_manifest);

static JsonbValue *
string_value(JsonbValue *value, const char *text)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = strlen(text);
	return value;
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value;

	pushJsonbValue(state, WJB_KEY, string_value(&value, key));
}

/* A member of an object, unless there is nothing to tell. */
static void
push_text(JsonbParseState **state, const char *key, const char *text)
{
	JsonbValue	value;

	if (text == NULL)
		return;
	push_key(state, key);
	pushJsonbValue(state, WJB_VALUE, string_value(&value, text));
}

static char *
hex_of(const bytea *hash)
{
	int			len;
	char	   *hex;

	if (hash == NULL)
		return NULL;
	len = VARSIZE_ANY_EXHDR(hash);
	hex = palloc(len * 2 + 1);
	hex[hex_encode(VARDATA_ANY(hash), len, hex)] = '\0';
	return hex;
}

static char *
checksum_of(const char *text)
{
	return text ? hex_of(mig_checksum(text)) : NULL;
}

/*
 * mig_manifest_migrations
 *		The project's migrations, in their order; palloc'd.
 */
MigManifestEntry *
mig_manifest_migrations(int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(mig_project)};
	uint64		rows = mig_run_query(Q_MANIFEST, values, NULL);
	MigManifestEntry *entries = MemoryContextAllocHuge(visit.caller,
													   sizeof(MigManifestEntry) * Max(rows, 1));
	MemoryContext spi = CurrentMemoryContext;
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		MigManifestEntry *entry = &entries[i];
		char	   *down = mig_text_field(&visit, i, 9);
		char	   *verify = mig_text_field(&visit, i, 10);

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(visit.caller);
		entry->key = mig_bytea_field(&visit, i, 1);
		entry->version = mig_text_field(&visit, i, 2);
		entry->name = mig_text_field(&visit, i, 3);
		entry->kind = mig_text_field(&visit, i, 4);
		entry->state = mig_text_field(&visit, i, 5);
		entry->how = mig_text_field(&visit, i, 6);
		entry->up = hex_of(mig_bytea_field(&visit, i, 7));
		entry->up_fingerprint = hex_of(mig_bytea_field(&visit, i, 8));
		entry->down = checksum_of(down);
		entry->verify = checksum_of(verify);
		entry->applied = hex_of(mig_bytea_field(&visit, i, 11));
		entry->applied_fingerprint = hex_of(mig_bytea_field(&visit, i, 12));
		if (down)
			pfree(down);
		if (verify)
			pfree(verify);
		MemoryContextSwitchTo(spi);
	}
	mig_leave(&visit);
	*n = (int) rows;
	return entries;
}

static void
push_migrations(JsonbParseState **state)
{
	int			n;
	MigManifestEntry *entries = mig_manifest_migrations(&n);
	int			i;

	push_key(state, "migrations");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (i = 0; i < n; i++)
	{
		const MigManifestEntry *entry = &entries[i];

		CHECK_FOR_INTERRUPTS();
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_text(state, "version", entry->version);
		push_text(state, "name", entry->name);
		push_text(state, "kind", entry->kind);
		push_text(state, "state", entry->state);
		push_text(state, "how", entry->how);
		push_text(state, "up", entry->up);
		push_text(state, "up_fingerprint", entry->up_fingerprint);
		push_text(state, "down", entry->down);
		push_text(state, "verify", entry->verify);
		push_text(state, "applied", entry->applied);
		push_text(state, "applied_fingerprint", entry->applied_fingerprint);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* What migrate_identity() tells, and when; as the caller, not as the owner. */
static void
push_identity(JsonbParseState **state)
{
	MigVisit	visit = mig_enter();
	char		now[MAXDATELEN + 1];
	Jsonb	   *identity = NULL;
	JsonbIterator *it;
	JsonbValue	value;
	JsonbIteratorToken token;
	bool		acting = false;

	JsonEncodeDateTime(now, TimestampTzGetDatum(GetCurrentTimestamp()), TIMESTAMPTZOID, NULL);
	if (mig_run_query(Q_IDENTITY, NULL, NULL) == 1)
	{
		bool		isnull;
		Datum		datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
										  &isnull);

		if (!isnull)
		{
			MemoryContext spi = MemoryContextSwitchTo(visit.caller);

			identity = DatumGetJsonbPCopy(datum);
			MemoryContextSwitchTo(spi);
		}
	}
	mig_leave(&visit);

	push_key(state, "identity");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_text(state, "taken_at", now);
	if (identity != NULL)
	{
		it = JsonbIteratorInit(&identity->root);
		while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		{
			if (token == WJB_KEY)
			{
				acting = value.val.string.len == strlen("acting_role") &&
					memcmp(value.val.string.val, "acting_role", value.val.string.len) == 0;
				pushJsonbValue(state, WJB_KEY, &value);
			}
			else if (token == WJB_VALUE)
				pushJsonbValue(state, WJB_VALUE,
							   acting ? string_value(&value, GetUserNameFromId(GetUserId(), false)) :
							   &value);
		}
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_hash(JsonbParseState **state, const MigSnapshotRow *row, bool definitions)
{
	JsonbValue	value;

	push_key(state, mig_component_name(row->component));
	if (!definitions)
	{
		pushJsonbValue(state, WJB_VALUE, string_value(&value, mig_snapshot_hash_text(row)));
		return;
	}
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(state, WJB_ELEM, string_value(&value, mig_snapshot_hash_text(row)));
	pushJsonbValue(state, WJB_ELEM, string_value(&value, row->definition));
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* Of these only the definition tells what they are a part of. */
static bool
needs_whole(const MigSnapshotRow *row)
{
	return row->component == MIG_DEFINITION &&
		(strcmp(row->kind, "index") == 0 || strcmp(row->kind, "sequence") == 0);
}

static void
push_objects(JsonbParseState **state, bool definitions)
{
	MigSnapshot *snapshot = mig_snapshot_take(0);
	const MigSnapshotRow *before = NULL;
	int			i;

	push_key(state, "objects");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (i = 0; i < snapshot->nrows; i++)
	{
		const MigSnapshotRow *row = &snapshot->rows[i];
		bool		other_kind = before == NULL || strcmp(before->kind, row->kind) != 0;
		bool		other = other_kind || strcmp(before->identity, row->identity) != 0;

		CHECK_FOR_INTERRUPTS();
		if (before != NULL && other)
			pushJsonbValue(state, WJB_END_OBJECT, NULL);
		if (before != NULL && other_kind)
			pushJsonbValue(state, WJB_END_OBJECT, NULL);
		if (other_kind)
		{
			push_key(state, row->kind);
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		}
		if (other)
		{
			push_key(state, row->identity);
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		}
		push_hash(state, row, definitions);
		if (!definitions && needs_whole(row))
			push_text(state, "of", mig_snapshot_whole(row));
		before = row;
	}
	if (before != NULL)
	{
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Datum
migrate_manifest(PG_FUNCTION_ARGS)
{
	bool		definitions = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	JsonbParseState *state = NULL;
	JsonbValue	value;
	Jsonb	   *result;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, "format");
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(MIG_MANIFEST_FORMAT);
	pushJsonbValue(&state, WJB_VALUE, &value);
	push_identity(&state);
	push_migrations(&state);
	push_objects(&state, definitions);
	result = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));

	MemoryContextSwitchTo(caller);
	result = memcpy(palloc(VARSIZE(result)), result, VARSIZE(result));
	MemoryContextDelete(context);
	PG_RETURN_JSONB_P(result);
}
