/*-------------------------------------------------------------------------
 *
 * snapshot_indexes.c
 *	  The indexes of all relations, and the constraints that are such, for a
 *	  snapshot being taken.
 *
 * Where it is on columns only an index is put into the server's words here,
 * from the columns that the snapshot has read: that takes a fraction of the
 * time.  Under the active snapshot, connected to SPI; locks nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "access/amapi.h"
#include "access/htup_details.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* The columns of the query's result. */
enum
{
	I_IDENTITY = 1, I_RELATION, I_INDEX, I_PLAIN, I_COMPLEX,
	I_RELOPTIONS, I_STATE, I_STORAGE, I_COMMENT, I_UNIQUE, I_PARTITIONED, I_NULLS_NOT_DISTINCT, I_NAME, I_METHOD,
	I_METHOD_OID, I_NKEYS, I_KEYS, I_COLLATIONS, I_CLASSES, I_OPTIONS,
	I_CONSTRAINT, I_PRIMARY, I_DEFERRABLE, I_DEFERRED, I_CONSTRAINT_COMMENT
};

/* An operator class as one for columns of a type. */
typedef struct ClassOfType
{
	Oid			oid;			/* hash key */
	Oid			type;			/* hash key */
	Oid			method;
	char	   *name;			/* NULL: it is the default */
} ClassOfType;

typedef struct Indexes
{
	MigTaking  *taking;
	const MigSnapshotRelation *relations;
	int			nrelations;
	const List *optioned;
	MemoryContext memory;
	HTAB	   *classes;
	HeapTuple	tuple;
	TupleDesc	desc;
} Indexes;

static Datum
value_of(Indexes *indexes, int column)
{
	bool		isnull;

	return SPI_getbinval(indexes->tuple, indexes->desc, column, &isnull);
}

static char *
text_of(Indexes *indexes, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(indexes->tuple, indexes->desc, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static int
compare_relations(const void *a, const void *b)
{
	Oid			x = ((const MigSnapshotRelation *) a)->oid;
	Oid			y = ((const MigSnapshotRelation *) b)->oid;

	return x < y ? -1 : x > y ? 1 : 0;
}

static const MigSnapshotRelation *
find_relation(Indexes *indexes, Oid oid)
{
	MigSnapshotRelation key = {.oid = oid};

	return bsearch(&key, indexes->relations, indexes->nrelations,
				   sizeof(MigSnapshotRelation), compare_relations);
}

static const ClassOfType *
class_of(Indexes *indexes, Oid oid, Oid type)
{
	Oid			key[2] = {oid, type};
	bool		known;
	ClassOfType *class = hash_search(indexes->classes, key, HASH_ENTER, &known);
	HeapTuple	tuple;

	if (known)
		return class;
	class->name = NULL;
	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(oid));
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_opclass form = (Form_pg_opclass) GETSTRUCT(tuple);
		char	   *schema = get_namespace_name(form->opcnamespace);

		if (GetDefaultOpClass(type, form->opcmethod) != oid)
			class->name = MemoryContextStrdup(indexes->memory,
											  schema && strcmp(schema, "pg_catalog") != 0 ?
											  quote_qualified_identifier(schema, NameStr(form->opcname)) :
											  quote_identifier(NameStr(form->opcname)));
		ReleaseSysCache(tuple);
	}
	return class;
}

static void
append_key(Indexes *indexes, StringInfo buf, const MigSnapshotAttribute *attribute,
		   Oid collation, Oid class, int16 options, bool ordered)
{
	const char *name = class_of(indexes, class, attribute->type)->name;

	if (OidIsValid(collation) && collation != attribute->collation)
		appendStringInfo(buf, " COLLATE %s",
						 DatumGetCString(DirectFunctionCall1(regcollationout,
															 ObjectIdGetDatum(collation))));
	if (name != NULL)
		appendStringInfo(buf, " %s", name);
	if (!ordered)
		return;
	if (options & INDOPTION_DESC)
		appendStringInfoString(buf, options & INDOPTION_NULLS_FIRST ? " DESC" : " DESC NULLS LAST");
	else if (options & INDOPTION_NULLS_FIRST)
		appendStringInfoString(buf, " NULLS FIRST");
}

/* An index on columns, as pg_get_indexdef() has it; NULL: that is to say it. */
static char *
plain_definition(Indexes *indexes)
{
	const MigSnapshotRelation *relation =
		find_relation(indexes, DatumGetObjectId(value_of(indexes, I_RELATION)));
	int2vector *keys = (int2vector *) DatumGetPointer(value_of(indexes, I_KEYS));
	oidvector  *collations = (oidvector *) DatumGetPointer(value_of(indexes, I_COLLATIONS));
	oidvector  *classes = (oidvector *) DatumGetPointer(value_of(indexes, I_CLASSES));
	int2vector *options = (int2vector *) DatumGetPointer(value_of(indexes, I_OPTIONS));
	int			nkeys = DatumGetInt16(value_of(indexes, I_NKEYS));
	bool		ordered;
	IndexAmRoutine *routine;
	StringInfoData buf;
	int			i;

	if (relation == NULL)
		return NULL;
	routine = GetIndexAmRoutineByAmId(DatumGetObjectId(value_of(indexes, I_METHOD_OID)), true);
	if (routine == NULL)
		return NULL;
	ordered = routine->amcanorder;
	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE %sINDEX %s ON %s%s USING %s (",
					 DatumGetBool(value_of(indexes, I_UNIQUE)) ? "UNIQUE " : "",
					 text_of(indexes, I_NAME),
					 DatumGetBool(value_of(indexes, I_PARTITIONED)) ? "ONLY " : "",
					 relation->identity, text_of(indexes, I_METHOD));
	for (i = 0; i < keys->dim1; i++)
	{
		const MigSnapshotAttribute *attribute;

		if (keys->values[i] <= 0 || keys->values[i] > relation->nattributes)
			return NULL;
		attribute = &relation->attributes[keys->values[i]];
		if (attribute->raw == NULL)
			return NULL;
		if (i == nkeys)
			appendStringInfoString(&buf, ") INCLUDE (");
		else if (i > 0)
			appendStringInfoString(&buf, ", ");
		appendStringInfoString(&buf, quote_identifier(attribute->raw));
		if (i < nkeys)
			append_key(indexes, &buf, attribute, collations->values[i], classes->values[i],
					   options->values[i], ordered);
	}
	appendStringInfoChar(&buf, ')');
	if (DatumGetBool(value_of(indexes, I_NULLS_NOT_DISTINCT)))
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	return buf.data;
}

/* As pg_get_indexdef() has it, without storage parameters. */
static char *
full_definition(Indexes *indexes)
{
	LOCAL_FCINFO(fcinfo, 1);
	StringInfoData with;
	bool		isnull;
	Datum		array = SPI_getbinval(indexes->tuple, indexes->desc, I_RELOPTIONS, &isnull);
	Datum		result;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			i;
	char	   *words;
	char	   *found;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = value_of(indexes, I_INDEX);
	fcinfo->args[0].isnull = false;
	result = pg_get_indexdef(fcinfo);
	/* none if it is gone by now */
	if (fcinfo->isnull)
		return NULL;
	words = TextDatumGetCString(result);
	if (isnull)
		return words;

	initStringInfo(&with);
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	for (i = 0; i < n; i++)
	{
		char	   *option = TextDatumGetCString(elements[i]);
		char	   *value = strchr(option, '=');

		if (value != NULL)
			*value++ = '\0';
		else
			value = "";
		appendStringInfo(&with, "%s%s=%s", i > 0 ? ", " : " WITH (", quote_identifier(option),
						 quote_identifier(value) == value ? value : quote_literal_cstr(value));
	}
	appendStringInfoChar(&with, ')');
	found = strstr(words, with.data);
	if (found != NULL)
		memmove(found, found + with.len, strlen(found + with.len) + 1);
	return words;
}

static char *
definition_of(Indexes *indexes)
{
	char	   *definition = NULL;

	if (!DatumGetBool(value_of(indexes, I_COMPLEX)) &&
		!list_member_oid(indexes->optioned, DatumGetObjectId(value_of(indexes, I_INDEX))))
		definition = plain_definition(indexes);
	return definition ? definition : full_definition(indexes);
}

/* PRIMARY KEY or UNIQUE, as pg_get_constraintdef() has them. */
static void
put_constraint(Indexes *indexes)
{
	MigTaking  *taking = indexes->taking;
	char	   *identity = text_of(indexes, I_CONSTRAINT);
	const char *comment = text_of(indexes, I_CONSTRAINT_COMMENT);
	const MigSnapshotRelation *relation =
		find_relation(indexes, DatumGetObjectId(value_of(indexes, I_RELATION)));
	int2vector *keys = (int2vector *) DatumGetPointer(value_of(indexes, I_KEYS));
	int			nkeys = DatumGetInt16(value_of(indexes, I_NKEYS));
	StringInfoData buf;
	int			i;

	if (identity == NULL || relation == NULL)
		return;
	initStringInfo(&buf);
	appendStringInfoString(&buf, DatumGetBool(value_of(indexes, I_PRIMARY)) ? "PRIMARY KEY" :
						   DatumGetBool(value_of(indexes, I_NULLS_NOT_DISTINCT)) ?
						   "UNIQUE NULLS NOT DISTINCT" : "UNIQUE");
	for (i = 0; i < keys->dim1; i++)
	{
		int			key = keys->values[i];

		/* such an index is on columns, and they are there */
		if (key <= 0 || key > relation->nattributes || relation->attributes[key].raw == NULL)
			elog(ERROR, "column %d of a constraint does not exist", key);
		appendStringInfoString(&buf, i == 0 ? " (" : i == nkeys ? ") INCLUDE (" : ", ");
		appendStringInfoString(&buf, quote_identifier(relation->attributes[key].raw));
	}
	appendStringInfoChar(&buf, ')');
	if (DatumGetBool(value_of(indexes, I_DEFERRABLE)))
		appendStringInfoString(&buf, " DEFERRABLE");
	if (DatumGetBool(value_of(indexes, I_DEFERRED)))
		appendStringInfoString(&buf, " INITIALLY DEFERRED");
	identity = MemoryContextStrdup(taking->snapshot->context, identity);
	mig_snapshot_put(taking, "constraint", identity, MIG_DEFINITION, buf.data);
	if (comment != NULL)
		mig_snapshot_put(taking, "constraint", identity, MIG_COMMENT, comment);
}

static void
put_index(Indexes *indexes)
{
	MigTaking  *taking = indexes->taking;
	char	   *identity = text_of(indexes, I_IDENTITY);
	char	   *definition = NULL;
	char	   *state = text_of(indexes, I_STATE);
	const char *storage = text_of(indexes, I_STORAGE);
	const char *comment = text_of(indexes, I_COMMENT);

	if (DatumGetBool(value_of(indexes, I_PLAIN)))
		definition = definition_of(indexes);
	if (definition == NULL && state == NULL && storage == NULL && comment == NULL)
		return;
	identity = MemoryContextStrdup(taking->snapshot->context, identity);
	if (definition != NULL)
		definition = mig_settled_text(definition);
	if (definition != NULL && state != NULL)
		definition = psprintf("%s %s", definition, state);
	else if (state != NULL)
		definition = state;
	if (definition != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_DEFINITION, definition);
	if (storage != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_STORAGE, storage);
	if (comment != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_COMMENT, comment);
}

/*
 * mig_snapshot_take_indexes
 *		The indexes of these relations; optioned are those of which a column's
 *		operator class has options.
 */
void
mig_snapshot_take_indexes(MigTaking *taking, const MigSnapshotRelation *relations, int n,
						  const List *optioned)
{
	Indexes		indexes = {.taking = taking,.relations = relations,.nrelations = n,.optioned = optioned};
	HASHCTL		control = {.keysize = 2 * sizeof(Oid),.entrysize = sizeof(ClassOfType)};
	uint64		i;

	indexes.memory = CurrentMemoryContext;
	control.hcxt = CurrentMemoryContext;
	indexes.classes = hash_create("migrate operator classes", 64, &control,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	if (SPI_execute(mig_snapshot_indexes, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs");
	indexes.desc = SPI_tuptable->tupdesc;
	for (i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(taking->scratch);

		CHECK_FOR_INTERRUPTS();
		indexes.tuple = SPI_tuptable->vals[i];
		put_index(&indexes);
		put_constraint(&indexes);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(taking->scratch);
	}
	SPI_freetuptable(SPI_tuptable);
	hash_destroy(indexes.classes);
}
