/*-------------------------------------------------------------------------
 *
 * snapshot_indexes.c
 *	  The indexes of all relations, and the constraints that are such, for a
 *	  snapshot being taken.
 *
 * Where it is on columns only an index is put into the server's words here,
 * from the columns that the snapshot has read: that takes a fraction of the
 * time.  What has more to it is left to a statement.  Under the active
 * snapshot, connected to SPI; locks nothing but catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "access/amapi.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
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
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* The columns of the statement's result. */
enum
{
	I_IDENTITY = 1, I_RELATION, I_INDEX, I_PLAIN, I_COMPLEX,
	I_RELOPTIONS, I_STATE, I_STORAGE, I_COMMENT, I_UNIQUE, I_PARTITIONED, I_NULLS_NOT_DISTINCT, I_NAME, I_METHOD,
	I_METHOD_OID, I_NKEYS, I_KEYS, I_COLLATIONS, I_CLASSES, I_OPTIONS,
	I_CONSTRAINT, I_PRIMARY, I_DEFERRABLE, I_DEFERRED, I_CONSTRAINT_COMMENT
};

typedef struct OneIndex
{
	Oid			oid;
	const char *identity;
	const char *name;			/* quoted */
	const MigSnapshotRelation *relation;
	bool		plain;			/* there is no constraint that it is of */
	bool		complex;		/* it has expressions or a predicate */
	ArrayType  *reloptions;		/* or NULL */
	const char *state;			/* or NULL */
	const char *storage;		/* or NULL */
	const char *comment;		/* or NULL */
	bool		unique;
	bool		partitioned;
	bool		nulls_not_distinct;
	Oid			method;
	int			nkeys;
	int2vector *keys;
	oidvector  *collations;
	oidvector  *classes;
	int2vector *options;
	const char *constraint;		/* its identity, if it is to be told; or NULL */
	bool		primary;
	bool		deferrable;
	bool		deferred;
	const char *constraint_comment; /* or NULL */
} OneIndex;

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
	MemoryContext memory;
	HTAB	   *classes;
	HeapTuple	tuple;			/* of the statement's result */
	TupleDesc	desc;
	/* of the last index */
	Oid			method;
	char	   *method_name;	/* quoted */
	bool		ordered;
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

/* Look at an access method; false: there is none. */
static bool
look_at_method(Indexes *indexes, Oid oid)
{
	IndexAmRoutine *routine;
	char	   *name;

	if (indexes->method_name != NULL && indexes->method == oid)
		return true;
	name = get_am_name(oid);
	routine = GetIndexAmRoutineByAmId(oid, true);
	if (name == NULL || routine == NULL)
		return false;
	indexes->method = oid;
	indexes->method_name = MemoryContextStrdup(indexes->memory, quote_identifier(name));
	indexes->ordered = routine->amcanorder;
	return true;
}

/* An index on columns, as pg_get_indexdef() has it; NULL: that is to say it. */
static char *
plain_definition(Indexes *indexes, const OneIndex *index)
{
	const MigSnapshotRelation *relation = index->relation;
	StringInfoData buf;
	int			i;

	if (relation == NULL || !look_at_method(indexes, index->method))
		return NULL;
	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE %sINDEX %s ON %s%s USING %s (", index->unique ? "UNIQUE " : "",
					 index->name, index->partitioned ? "ONLY " : "", relation->identity,
					 indexes->method_name);
	for (i = 0; i < index->keys->dim1; i++)
	{
		int			key = index->keys->values[i];
		const MigSnapshotAttribute *attribute;

		if (key <= 0 || key > relation->nattributes)
			return NULL;
		attribute = &relation->attributes[key];
		if (attribute->raw == NULL)
			return NULL;
		if (i == index->nkeys)
			appendStringInfoString(&buf, ") INCLUDE (");
		else if (i > 0)
			appendStringInfoString(&buf, ", ");
		appendStringInfoString(&buf, quote_identifier(attribute->raw));
		if (i < index->nkeys)
			append_key(indexes, &buf, attribute, index->collations->values[i],
					   index->classes->values[i], index->options->values[i], indexes->ordered);
	}
	appendStringInfoChar(&buf, ')');
	if (index->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	return buf.data;
}

/* As pg_get_indexdef() has it, without storage parameters. */
static char *
full_definition(const OneIndex *index)
{
	LOCAL_FCINFO(fcinfo, 1);
	StringInfoData with;
	Datum		result;
	Datum	   *elements;
	bool	   *nulls;
	int			n;
	int			i;
	char	   *words;
	char	   *found;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(index->oid);
	fcinfo->args[0].isnull = false;
	result = pg_get_indexdef(fcinfo);
	/* none if it is gone by now */
	if (fcinfo->isnull)
		return NULL;
	words = TextDatumGetCString(result);
	if (index->reloptions == NULL)
		return words;

	initStringInfo(&with);
	deconstruct_array(index->reloptions, TEXTOID, -1, false, TYPALIGN_INT,
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
definition_of(Indexes *indexes, const OneIndex *index)
{
	char	   *definition = NULL;

	if (!index->complex && !list_member_oid(indexes->taking->optioned, index->oid))
		definition = plain_definition(indexes, index);
	return definition ? definition : full_definition(index);
}

/* PRIMARY KEY or UNIQUE, as pg_get_constraintdef() has them. */
static void
put_constraint(Indexes *indexes, const OneIndex *index)
{
	MigTaking  *taking = indexes->taking;
	const MigSnapshotRelation *relation = index->relation;
	StringInfoData buf;
	char	   *identity;
	int			i;

	if (index->constraint == NULL || relation == NULL)
		return;
	initStringInfo(&buf);
	appendStringInfoString(&buf, index->primary ? "PRIMARY KEY" :
						   index->nulls_not_distinct ? "UNIQUE NULLS NOT DISTINCT" : "UNIQUE");
	for (i = 0; i < index->keys->dim1; i++)
	{
		int			key = index->keys->values[i];

		/* such an index is on columns, and they are there */
		if (key <= 0 || key > relation->nattributes || relation->attributes[key].raw == NULL)
			elog(ERROR, "column %d of a constraint does not exist", key);
		appendStringInfoString(&buf, i == 0 ? " (" : i == index->nkeys ? ") INCLUDE (" : ", ");
		appendStringInfoString(&buf, quote_identifier(relation->attributes[key].raw));
	}
	appendStringInfoChar(&buf, ')');
	if (index->deferrable)
		appendStringInfoString(&buf, " DEFERRABLE");
	if (index->deferred)
		appendStringInfoString(&buf, " INITIALLY DEFERRED");
	if (index->state != NULL)
		appendStringInfo(&buf, " %s", index->state);
	identity = MemoryContextStrdup(taking->snapshot->context, index->constraint);
	mig_snapshot_put(taking, "constraint", identity, MIG_DEFINITION, buf.data);
	if (index->constraint_comment != NULL)
		mig_snapshot_put(taking, "constraint", identity, MIG_COMMENT, index->constraint_comment);
}

static void
put_index(Indexes *indexes, const OneIndex *index)
{
	MigTaking  *taking = indexes->taking;
	const char *identity;
	const char *definition = NULL;
	/* that of a key is told with the constraint */
	const char *state = index->constraint ? NULL : index->state;

	if (index->plain)
		definition = definition_of(indexes, index);
	if (definition == NULL && state == NULL && index->storage == NULL && index->comment == NULL)
		return;
	identity = MemoryContextStrdup(taking->snapshot->context, index->identity);
	if (definition != NULL)
		definition = mig_settled_text(pstrdup(definition));
	if (definition != NULL && state != NULL)
		definition = psprintf("%s %s", definition, state);
	else if (state != NULL)
		definition = index->relation ? psprintf("ON %s %s", index->relation->identity, state) : state;
	if (definition != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_DEFINITION, definition);
	if (index->storage != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_STORAGE, index->storage);
	if (index->comment != NULL)
		mig_snapshot_put(taking, "index", identity, MIG_COMMENT, index->comment);
}

/* An index as the statement tells it. */
static void
read_result(Indexes *indexes, OneIndex *index)
{
	bool		isnull;
	Datum		options = SPI_getbinval(indexes->tuple, indexes->desc, I_RELOPTIONS, &isnull);

	index->reloptions = isnull ? NULL : DatumGetArrayTypeP(options);
	index->oid = DatumGetObjectId(value_of(indexes, I_INDEX));
	index->identity = text_of(indexes, I_IDENTITY);
	index->name = text_of(indexes, I_NAME);
	index->relation = mig_snapshot_relation(indexes->taking, DatumGetObjectId(value_of(indexes, I_RELATION)));
	index->plain = DatumGetBool(value_of(indexes, I_PLAIN));
	index->complex = DatumGetBool(value_of(indexes, I_COMPLEX));
	index->state = text_of(indexes, I_STATE);
	index->storage = text_of(indexes, I_STORAGE);
	index->comment = text_of(indexes, I_COMMENT);
	index->unique = DatumGetBool(value_of(indexes, I_UNIQUE));
	index->partitioned = DatumGetBool(value_of(indexes, I_PARTITIONED));
	index->nulls_not_distinct = DatumGetBool(value_of(indexes, I_NULLS_NOT_DISTINCT));
	index->method = DatumGetObjectId(value_of(indexes, I_METHOD_OID));
	index->nkeys = DatumGetInt16(value_of(indexes, I_NKEYS));
	index->keys = (int2vector *) DatumGetPointer(value_of(indexes, I_KEYS));
	index->collations = (oidvector *) DatumGetPointer(value_of(indexes, I_COLLATIONS));
	index->classes = (oidvector *) DatumGetPointer(value_of(indexes, I_CLASSES));
	index->options = (int2vector *) DatumGetPointer(value_of(indexes, I_OPTIONS));
	index->constraint = text_of(indexes, I_CONSTRAINT);
	index->primary = DatumGetBool(value_of(indexes, I_PRIMARY));
	index->deferrable = DatumGetBool(value_of(indexes, I_DEFERRABLE));
	index->deferred = DatumGetBool(value_of(indexes, I_DEFERRED));
	index->constraint_comment = text_of(indexes, I_CONSTRAINT_COMMENT);
}

/* What has options, expressions or the like. */
static void
ask_statement(Indexes *indexes, const List *oids)
{
	MigTaking  *taking = indexes->taking;
	Oid			type = OIDARRAYOID;
	Datum		array = mig_snapshot_oids(oids);
	uint64		i;

	if (SPI_execute_with_args(mig_snapshot_indexes, 1, &type, &array, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs");
	indexes->desc = SPI_tuptable->tupdesc;
	for (i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(taking->scratch);
		OneIndex	index;

		CHECK_FOR_INTERRUPTS();
		indexes->tuple = SPI_tuptable->vals[i];
		read_result(indexes, &index);
		put_index(indexes, &index);
		put_constraint(indexes, &index);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(taking->scratch);
	}
	SPI_freetuptable(SPI_tuptable);
}

static Datum
vector_of(HeapTuple tuple, TupleDesc desc, int attribute)
{
	bool		isnull;

	return heap_getattr(tuple, attribute, desc, &isnull);
}

/* An index as the catalogs have it. */
static void
read_index(Indexes *indexes, OneIndex *index, HeapTuple tuple, TupleDesc desc,
		   MigSnapshotClass *class)
{
	MigTaking  *taking = indexes->taking;
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	const MigSnapshotKey *key = mig_snapshot_key(taking, form->indexrelid, form->indrelid);

	memset(index, 0, sizeof(OneIndex));
	index->oid = form->indexrelid;
	index->identity = mig_snapshot_identity(taking, class);
	index->name = class->name;
	index->relation = mig_snapshot_relation(taking, form->indrelid);
	index->plain = key == NULL;
	index->state = form->indisvalid ? NULL : "INVALID";
	index->storage = form->indisclustered ? "CLUSTER" : NULL;
	index->comment = mig_snapshot_comment(taking, RelationRelationId, form->indexrelid, 0);
	index->unique = form->indisunique;
	index->partitioned = class->kind == RELKIND_PARTITIONED_INDEX;
	index->nulls_not_distinct = form->indnullsnotdistinct;
	index->method = class->method;
	index->nkeys = form->indnkeyatts;
	index->keys = &form->indkey;
	index->collations = (oidvector *) DatumGetPointer(vector_of(tuple, desc, Anum_pg_index_indcollation));
	index->classes = (oidvector *) DatumGetPointer(vector_of(tuple, desc, Anum_pg_index_indclass));
	index->options = (int2vector *) DatumGetPointer(vector_of(tuple, desc, Anum_pg_index_indoption));
	if (key == NULL)
		return;
	if (key->told && index->relation != NULL)
		index->constraint = psprintf("%s on %s", key->name, index->relation->identity);
	index->primary = key->primary;
	index->deferrable = key->deferrable;
	index->deferred = key->deferred;
	index->constraint_comment = mig_snapshot_comment(taking, ConstraintRelationId, key->oid, 0);
}

/*
 * mig_snapshot_take_indexes
 *		The indexes of all relations, once columns and constraints are known.
 */
void
mig_snapshot_take_indexes(MigTaking *taking)
{
	Indexes		indexes = {.taking = taking};
	HASHCTL		control = {.keysize = 2 * sizeof(Oid),.entrysize = sizeof(ClassOfType)};
	Relation	catalog = table_open(IndexRelationId, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(catalog);
	TableScanDesc scan = table_beginscan_strat(catalog, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;
	List	   *others = NIL;

	indexes.memory = CurrentMemoryContext;
	control.hcxt = CurrentMemoryContext;
	indexes.classes = hash_create("migrate operator classes", 64, &control,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
		const MigSnapshotClass *table = mig_snapshot_class(taking, form->indrelid);
		MigSnapshotClass *class = mig_snapshot_class(taking, form->indexrelid);
		MemoryContext caller;
		OneIndex	index;

		CHECK_FOR_INTERRUPTS();
		if (table == NULL || class == NULL || !table->own)
			continue;
		if (class->options != NULL || class->partition || class->depends || OidIsValid(class->tablespace) ||
			!heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) ||
			!heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
		{
			others = lappend_oid(others, form->indexrelid);
			continue;
		}
		caller = MemoryContextSwitchTo(taking->scratch);
		read_index(&indexes, &index, tuple, desc, class);
		put_index(&indexes, &index);
		put_constraint(&indexes, &index);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(taking->scratch);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (others != NIL)
		ask_statement(&indexes, others);
	hash_destroy(indexes.classes);
}
