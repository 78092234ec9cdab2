/*-------------------------------------------------------------------------
 *
 * parity.c
 *	  The comparison of this environment with the manifest of another.
 *
 * A manifest may come from anywhere, so nothing in it is taken for granted.
 * Read like a snapshot; nothing is written, any transaction state.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "parity.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(migrate_compare);

#define MISSING "missing here"
#define EXTRA "extra here"
#define DIFFERS "differs"
#define COSMETIC "cosmetic"
#define APPLIED_THERE "applied there"
#define APPLIED_HERE "applied here"

#define LONGEST_HASH 64			/* with the major version before it */

enum
{
	COLUMN_SUBJECT,
	COLUMN_IDENTITY,
	COLUMN_COMPONENT,
	COLUMN_CHANGE,
	COLUMN_HERE,
	COLUMN_THERE,
	COLUMN_HERE_HASH,
	COLUMN_THERE_HASH,
	COLUMN_PART_OF,
	COLUMNS
};

/* Where the rows go. */
typedef struct Output
{
	ReturnSetInfo *returned;
	MemoryContext row;
} Output;

static void
put_row(Output *output, const char *const texts[COLUMNS])
{
	MemoryContext caller = MemoryContextSwitchTo(output->row);
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS];
	int			i;

	for (i = 0; i < COLUMNS; i++)
		values[i] = mig_text_datum(texts[i], &nulls[i]);
	tuplestore_putvalues(output->returned->setResult, output->returned->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(output->row);
}

/*
 * Reading
 */

static void
refuse(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("this is no manifest as migrate_manifest() makes it"),
			 errdetail_internal("%s", detail)));
}

/* What is an object inside of another. */
static JsonbContainer *
object_of(const JsonbValue *value, const char *what)
{
	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		refuse(psprintf("%s is not an object.", what));
	return value->val.binary.data;
}

static char *
string_of(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A string; NULL if it is not there or null. */
static char *
text_member(JsonbContainer *object, const char *key, const char *where)
{
	JsonbValue	buffer;
	const JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), &buffer);

	if (value == NULL || value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		refuse(psprintf("\"%s\" of %s is not a string.", key, where));
	return string_of(value);
}

static char *
needed_member(JsonbContainer *object, const char *key, const char *where)
{
	char	   *text = text_member(object, key, where);

	if (text == NULL)
		refuse(psprintf("There is no \"%s\" in %s.", key, where));
	return text;
}

static char *
checksum_member(JsonbContainer *object, const char *key, const char *where)
{
	char	   *text = text_member(object, key, where);

	if (text != NULL && (strlen(text) != MIG_HASH_LENGTH * 2 ||
						 strspn(text, "0123456789abcdef") != MIG_HASH_LENGTH * 2))
		refuse(psprintf("\"%s\" of %s is not a checksum.", key, where));
	return text;
}

static void
check_format(JsonbContainer *root)
{
	JsonbValue	buffer;
	const JsonbValue *value = getKeyJsonValueFromContainer(root, "format", strlen("format"),
														   &buffer);
	double		format;

	if (value == NULL || value->type != jbvNumeric)
		refuse("It has no number \"format\".");
	format = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (format > MIG_MANIFEST_FORMAT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the manifest has a newer format than this extension knows"),
				 errdetail("It has format %g, and %d is known.", format, MIG_MANIFEST_FORMAT),
				 errhint("Compare there with a manifest from here, or update the extension.")));
	if (format != MIG_MANIFEST_FORMAT)
		refuse(psprintf("\"format\" is not %d.", MIG_MANIFEST_FORMAT));
}

/* The major version in a server's, or 0. */
static int
read_major(const char *version)
{
	long		major = version ? strtol(version, NULL, 10) : 0;

	return major > 0 && major < 1000 ? (int) major : 0;
}

/* Of another project every migration would differ. */
static void
check_identity(JsonbContainer *root, int *major)
{
	JsonbValue	buffer;
	JsonbContainer *identity = object_of(getKeyJsonValueFromContainer(root, "identity",
																	  strlen("identity"), &buffer),
										 "\"identity\"");
	char	   *project = needed_member(identity, "project", "\"identity\"");

	if (strcmp(project, mig_project) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the manifest is of project \"%s\", and this session works on \"%s\"",
						project, mig_project),
				 errhint("Set migrate.project.")));
	*major = read_major(text_member(identity, "server_version", "\"identity\""));
}

static MigManifestEntry
read_migration(JsonbContainer *object, int number)
{
	MigManifestEntry entry = {0};
	const char *where = psprintf("migration %d", number);
	char		kind;

	entry.version = needed_member(object, "version", where);
	entry.name = needed_member(object, "name", where);
	entry.kind = needed_member(object, "kind", where);
	kind = mig_kind_of(entry.kind);
	if (strcmp(mig_kind_name(kind), entry.kind) != 0)
		refuse(psprintf("\"kind\" of %s is none.", where));
	entry.key = mig_version_key(kind, entry.version);
	entry.state = text_member(object, "state", where);
	entry.how = text_member(object, "how", where);
	entry.up = checksum_member(object, "up", where);
	entry.up_fingerprint = checksum_member(object, "up_fingerprint", where);
	entry.down = checksum_member(object, "down", where);
	entry.verify = checksum_member(object, "verify", where);
	entry.applied = checksum_member(object, "applied", where);
	entry.applied_fingerprint = checksum_member(object, "applied_fingerprint", where);
	return entry;
}

static int
compare_keys(const void *a, const void *b)
{
	return mig_key_cmp(((const MigManifestEntry *) a)->key, ((const MigManifestEntry *) b)->key);
}

/* In the order of their keys. */
static MigManifestEntry *
read_migrations(JsonbContainer *root, int *n)
{
	JsonbValue	value;
	JsonbContainer *array;
	MigManifestEntry *entries;
	JsonbIterator *it;
	JsonbIteratorToken token;
	int			i = 0;

	if (getKeyJsonValueFromContainer(root, "migrations", strlen("migrations"), &value) == NULL ||
		value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		refuse("\"migrations\" is not an array.");
	array = value.val.binary.data;
	*n = JsonContainerSize(array);
	entries = palloc_extended(sizeof(MigManifestEntry) * Max(*n, 1), MCXT_ALLOC_HUGE);
	it = JsonbIteratorInit(array);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token != WJB_ELEM)
			continue;
		entries[i] = read_migration(object_of(&value, psprintf("Migration %d", i + 1)), i + 1);
		i++;
	}
	qsort(entries, *n, sizeof(MigManifestEntry), compare_keys);
	for (i = 1; i < *n; i++)
	{
		if (compare_keys(&entries[i - 1], &entries[i]) == 0)
			refuse(psprintf("Version %s is in it twice.", entries[i].version));
	}
	return entries;
}

/* A hash, or a pair of hash and definition. */
static void
read_hash(MigSnapshotRow *row, const JsonbValue *value)
{
	JsonbValue *hash = unconstify(JsonbValue *, value);
	char		text[LONGEST_HASH];

	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) &&
		JsonContainerSize(value->val.binary.data) == 2)
	{
		JsonbValue *definition = getIthJsonbValueFromContainer(value->val.binary.data, 1);

		hash = getIthJsonbValueFromContainer(value->val.binary.data, 0);
		if (definition->type != jbvString)
			refuse(psprintf("The definition of %s \"%s\" is not a string.", row->kind, row->identity));
		row->definition = string_of(definition);
	}
	if (hash->type == jbvString && hash->val.string.len < LONGEST_HASH)
	{
		memcpy(text, hash->val.string.val, hash->val.string.len);
		text[hash->val.string.len] = '\0';
		if (mig_snapshot_set_hash(row, text))
			return;
	}
	refuse(psprintf("A hash of %s \"%s\" is none.", row->kind, row->identity));
}

/* What is known of one object. */
static void
read_object(MigSnapshot *snapshot, const char *kind, const char *identity,
			JsonbContainer *components)
{
	JsonbIterator *it = JsonbIteratorInit(components);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;
	char	   *whole = NULL;
	int			first = snapshot->nrows;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		MigComponent component;

		if (token == WJB_KEY)
			name = string_of(&value);
		if (token != WJB_VALUE)
			continue;
		if (strcmp(name, "of") == 0 && value.type == jbvString)
			whole = string_of(&value);
		else if (mig_component_of(name, &component))
			read_hash(mig_snapshot_add(snapshot, kind, identity, component), &value);
		else
			refuse(psprintf("There is no component \"%s\" of an object.", name));
		pfree(name);
	}
	if (first == snapshot->nrows)
		refuse(psprintf("There is nothing about %s \"%s\".", kind, identity));
	for (; first < snapshot->nrows; first++)
		snapshot->rows[first].whole = whole;
}

static void
read_kind(MigSnapshot *snapshot, const char *kind, JsonbContainer *objects)
{
	JsonbIterator *it = JsonbIteratorInit(objects);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *identity = NULL;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			identity = string_of(&value);
		else if (token == WJB_VALUE)
		{
			if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				refuse(psprintf("What there is about %s \"%s\" is not an object.", kind, identity));
			read_object(snapshot, kind, identity, value.val.binary.data);
		}
	}
}

static MigSnapshot *
read_objects(JsonbContainer *root, int without)
{
	MigSnapshot *snapshot = mig_snapshot_new(without);
	JsonbValue	value;
	JsonbIterator *it;
	JsonbIteratorToken token;
	char	   *kind = NULL;

	it = JsonbIteratorInit(object_of(getKeyJsonValueFromContainer(root, "objects",
																  strlen("objects"), &value),
									 "\"objects\""));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			kind = string_of(&value);
		else if (token == WJB_VALUE)
			read_kind(snapshot, kind, object_of(&value, psprintf("\"%s\" of the objects", kind)));
	}
	mig_snapshot_sort(snapshot);
	return snapshot;
}

/*
 * Comparing
 */

static void
put_migration(Output *output, const MigManifestEntry *entry, const char *component,
			  const char *change, const char *here, const char *there,
			  const char *here_hash, const char *there_hash)
{
	const char *texts[COLUMNS] = {
		[COLUMN_SUBJECT] = "migration",
		[COLUMN_IDENTITY] = entry->version,
		[COLUMN_COMPONENT] = component,
		[COLUMN_CHANGE] = change,
		[COLUMN_HERE] = here,
		[COLUMN_THERE] = there,
		[COLUMN_HERE_HASH] = here_hash,
		[COLUMN_THERE_HASH] = there_hash
	};

	put_row(output, texts);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* One of the texts; fingerprints tell whether it is more than comments. */
static void
compare_texts(Output *output, const MigManifestEntry *here, const char *component,
			  const char *here_hash, const char *there_hash,
			  const char *here_fingerprint, const char *there_fingerprint)
{
	if (same_text(here_hash, there_hash))
		return;
	put_migration(output, here, component,
				  here_hash == NULL ? MISSING : there_hash == NULL ? EXTRA :
				  here_fingerprint != NULL && same_text(here_fingerprint, there_fingerprint) ?
				  COSMETIC : DIFFERS,
				  NULL, NULL, here_hash, there_hash);
}

/* A baseline script that is not needed is as good as applied. */
static bool
is_done(const MigManifestEntry *entry)
{
	return entry->applied != NULL || (entry->state && strcmp(entry->state, "ignored") == 0);
}

/* A migration that both have. */
static void
compare_migration(Output *output, const MigManifestEntry *here, const MigManifestEntry *there)
{
	if (strcmp(here->name, there->name) != 0)
		put_migration(output, here, "name", DIFFERS, here->name, there->name, NULL, NULL);
	if (is_done(here) != is_done(there))
		put_migration(output, here, "state", is_done(here) ? APPLIED_HERE : APPLIED_THERE,
					  here->state, there->state, NULL, NULL);
	else if (!is_done(here) && !same_text(here->state, there->state))
		put_migration(output, here, "state", DIFFERS, here->state, there->state, NULL, NULL);
	compare_texts(output, here, "up", here->up, there->up,
				  here->up_fingerprint, there->up_fingerprint);
	compare_texts(output, here, "down", here->down, there->down, NULL, NULL);
	compare_texts(output, here, "verify", here->verify, there->verify, NULL, NULL);

	/* what is registered has been compared already */
	if (here->applied != NULL && there->applied != NULL &&
		!(same_text(here->applied, here->up) && same_text(there->applied, there->up)))
		compare_texts(output, here, "applied", here->applied, there->applied,
					  here->applied_fingerprint, there->applied_fingerprint);
}

static void
compare_migrations(Output *output, const MigManifestEntry *here, int nhere,
				   const MigManifestEntry *there, int nthere)
{
	int			i = 0;
	int			j = 0;

	while (i < nhere || j < nthere)
	{
		int			order = i == nhere ? 1 : j == nthere ? -1 :
			mig_key_cmp(here[i].key, there[j].key);

		CHECK_FOR_INTERRUPTS();
		if (order < 0)
			put_migration(output, &here[i], NULL, EXTRA, here[i].state, NULL,
						  here[i].up ? here[i].up : here[i].applied, NULL);
		else if (order > 0)
			put_migration(output, &there[j], NULL, MISSING, NULL, there[j].state,
						  NULL, there[j].up ? there[j].up : there[j].applied);
		else
			compare_migration(output, &here[i], &there[j]);
		i += order <= 0;
		j += order >= 0;
	}
}

static void
put_difference(Output *output, const MigDifference *difference)
{
	const MigSnapshotRow *there = difference->before;
	const MigSnapshotRow *here = difference->after;
	const MigSnapshotRow *row = here ? here : there;
	bool		whole = difference->change == MIG_ADDED || difference->change == MIG_DROPPED;
	const char *texts[COLUMNS] = {
		[COLUMN_SUBJECT] = row->kind,
		[COLUMN_IDENTITY] = row->identity,
		[COLUMN_COMPONENT] = whole ? NULL : mig_component_name(row->component),
		[COLUMN_CHANGE] = difference->change == MIG_ADDED ? EXTRA :
			difference->change == MIG_DROPPED ? MISSING :
			difference->change == MIG_CHANGED ? DIFFERS : mig_change_name(difference->change),
		[COLUMN_HERE] = here ? here->definition : NULL,
		[COLUMN_THERE] = there ? there->definition : NULL,
		[COLUMN_PART_OF] = difference->part_of
	};
	MemoryContext caller = MemoryContextSwitchTo(output->row);

	texts[COLUMN_HERE_HASH] = here ? mig_snapshot_hash_text(here) : NULL;
	texts[COLUMN_THERE_HASH] = there ? mig_snapshot_hash_text(there) : NULL;
	MemoryContextSwitchTo(caller);
	put_row(output, texts);
}

static void
compare_objects(Output *output, const MigSnapshot *here, const MigSnapshot *there)
{
	int			n;
	MigDifference *differences = mig_snapshot_compare(there, here, &n);
	int			i;

	for (i = 0; i < n; i++)
	{
		const MigDifference *difference = &differences[i];
		const MigSnapshotRow *row = difference->before ? difference->before : difference->after;

		CHECK_FOR_INTERRUPTS();
		/* an object that came or went is one difference */
		if ((difference->change == MIG_ADDED || difference->change == MIG_DROPPED) &&
			row->component != MIG_DEFINITION)
			continue;
		put_difference(output, difference);
	}
}

Datum
migrate_compare(PG_FUNCTION_ARGS)
{
	int			without = mig_without_argument(fcinfo, 1);
	Output		output = {.returned = (ReturnSetInfo *) fcinfo->resultinfo};
	MemoryContext caller;
	MemoryContext context;
	JsonbContainer *root;
	MigManifestEntry *here;
	MigManifestEntry *there;
	MigSnapshot *objects;
	int			nhere;
	int			nthere;
	int			major;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", "manifest")));
	context = mig_call_context(&caller);
	output.row = AllocSetContextCreate(context, "migrate comparison", ALLOCSET_DEFAULT_SIZES);
	root = &PG_GETARG_JSONB_P(0)->root;
	if (!JsonContainerIsObject(root))
		refuse("It is not an object.");
	check_format(root);
	check_identity(root, &major);
	there = read_migrations(root, &nthere);
	objects = read_objects(root, without);
	objects->major = major;

	here = mig_manifest_migrations(&nhere);
	qsort(here, nhere, sizeof(MigManifestEntry), compare_keys);
	compare_migrations(&output, here, nhere, there, nthere);
	compare_objects(&output, mig_snapshot_take(without), objects);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
