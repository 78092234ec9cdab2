/*-------------------------------------------------------------------------
 *
 * snapshot_catalogs.c
 *	  What is asked of many objects while a snapshot is taken: which schemas
 *	  and relations are the database's own, what belongs to an extension, and
 *	  what comments there are.
 *
 * Read once, by scans of the catalogs: statements would have to be planned,
 * which in a new session takes longer than most databases have to be read.
 * Under the active snapshot; locks nothing but catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "snapshot.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

typedef struct Member
{
	Oid			catalog;
	Oid			object;
} Member;

typedef struct Comment
{
	Oid			object;
	Oid			catalog;
	int			number;
	char	   *text;
} Comment;

struct MigSnapshotCatalogs
{
	Member	   *members;
	int			nmembers;
	List	   *dependents;		/* relations to be dropped with an extension */
	MigSnapshotSchema *schemas;
	int			nschemas;
	MigSnapshotClass *classes;
	int			nclasses;
	TupleDesc	class_desc;
	Comment    *comments;
	int			ncomments;
	Oid			owner;			/* the last one asked for, */
	char	   *owner_label;	/* and his name */
	int			allocated;		/* of what is being read */
};

/* Another element of an array that grows in the current memory context. */
static void *
another(MigSnapshotCatalogs *catalogs, void *array, int n, Size size)
{
	if (n == 0)
	{
		catalogs->allocated = 256;
		return MemoryContextAllocHuge(CurrentMemoryContext, catalogs->allocated * size);
	}
	if (n < catalogs->allocated)
		return array;
	if (catalogs->allocated > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the database has too many objects for a snapshot")));
	catalogs->allocated *= 2;
	return repalloc_huge(array, catalogs->allocated * size);
}

static int
compare_members(const void *a, const void *b)
{
	const Member *x = (const Member *) a;
	const Member *y = (const Member *) b;

	if (x->catalog != y->catalog)
		return x->catalog < y->catalog ? -1 : 1;
	return x->object < y->object ? -1 : x->object > y->object ? 1 : 0;
}

static void
read_members(MigSnapshotCatalogs *catalogs)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype == DEPENDENCY_AUTO_EXTENSION && form->classid == RelationRelationId)
			catalogs->dependents = lappend_oid(catalogs->dependents, form->objid);
		if (form->deptype != DEPENDENCY_EXTENSION)
			continue;
		catalogs->members = another(catalogs, catalogs->members, catalogs->nmembers, sizeof(Member));
		catalogs->members[catalogs->nmembers].catalog = form->classid;
		catalogs->members[catalogs->nmembers++].object = form->objid;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	if (catalogs->nmembers > 0)
		qsort(catalogs->members, catalogs->nmembers, sizeof(Member), compare_members);
}

/*
 * mig_snapshot_is_member
 *		Does an object belong to an extension?
 */
bool
mig_snapshot_is_member(const MigTaking *taking, Oid catalog, Oid object)
{
	const MigSnapshotCatalogs *catalogs = taking->catalogs;
	Member		key = {catalog, object};

	return catalogs->nmembers > 0 &&
		bsearch(&key, catalogs->members, catalogs->nmembers, sizeof(Member), compare_members) != NULL;
}

static int
compare_schemas(const void *a, const void *b)
{
	Oid			x = ((const MigSnapshotSchema *) a)->oid;
	Oid			y = ((const MigSnapshotSchema *) b)->oid;

	return x < y ? -1 : x > y ? 1 : 0;
}

static void
read_schemas(MigSnapshotCatalogs *catalogs)
{
	Relation	relation = table_open(NamespaceRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_namespace form = (Form_pg_namespace) GETSTRUCT(tuple);
		const char *name = NameStr(form->nspname);
		MigSnapshotSchema *schema;
		bool		isnull;
		Datum		acl;

		if (strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0)
			continue;
		catalogs->schemas = another(catalogs, catalogs->schemas, catalogs->nschemas,
									sizeof(MigSnapshotSchema));
		schema = &catalogs->schemas[catalogs->nschemas++];
		schema->oid = form->oid;
		schema->owner = form->nspowner;
		schema->name = pstrdup(quote_identifier(name));
		acl = heap_getattr(tuple, Anum_pg_namespace_nspacl, RelationGetDescr(relation), &isnull);
		schema->acl = isnull ? NULL : DatumGetAclPCopy(acl);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	if (catalogs->nschemas > 0)
		qsort(catalogs->schemas, catalogs->nschemas, sizeof(MigSnapshotSchema), compare_schemas);
}

/*
 * mig_snapshot_schema
 *		A schema that is the database's own, or an extension's; NULL: it is the
 *		server's.
 */
const MigSnapshotSchema *
mig_snapshot_schema(const MigTaking *taking, Oid oid)
{
	const MigSnapshotCatalogs *catalogs = taking->catalogs;
	MigSnapshotSchema key = {.oid = oid};

	if (catalogs->nschemas == 0)
		return NULL;
	return bsearch(&key, catalogs->schemas, catalogs->nschemas, sizeof(MigSnapshotSchema),
				   compare_schemas);
}

/*
 * mig_snapshot_schemas
 *		All of them.
 */
const MigSnapshotSchema *
mig_snapshot_schemas(const MigTaking *taking, int *n)
{
	*n = taking->catalogs->nschemas;
	return taking->catalogs->schemas;
}

static int
compare_classes(const void *a, const void *b)
{
	Oid			x = ((const MigSnapshotClass *) a)->oid;
	Oid			y = ((const MigSnapshotClass *) b)->oid;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* The array of options that a relation has, or NULL. */
static ArrayType *
options_of(HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	Datum		options = heap_getattr(tuple, Anum_pg_class_reloptions, desc, &isnull);

	return isnull ? NULL : DatumGetArrayTypePCopy(options);
}

static void
read_classes(MigTaking *taking)
{
	MigSnapshotCatalogs *catalogs = taking->catalogs;
	Relation	relation = table_open(RelationRelationId, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		MigSnapshotClass *class;
		const MigSnapshotSchema *schema;
		bool		isnull = true;
		Datum		acl = (Datum) 0;

		if (form->oid < MIG_FIRST_OF_USERS)
			continue;
		CHECK_FOR_INTERRUPTS();
		catalogs->classes = another(catalogs, catalogs->classes, catalogs->nclasses,
									sizeof(MigSnapshotClass));
		class = &catalogs->classes[catalogs->nclasses++];
		memset(class, 0, sizeof(MigSnapshotClass));
		class->oid = form->oid;
		class->kind = form->relkind;
		class->options = options_of(tuple, desc);
		schema = form->relpersistence == RELPERSISTENCE_TEMP ? NULL :
			mig_snapshot_schema(taking, form->relnamespace);
		if (schema == NULL)
			continue;
		class->own = !mig_snapshot_is_member(taking, RelationRelationId, form->oid);
		class->raw = pstrdup(NameStr(form->relname));
		class->name = (char *) quote_identifier(class->raw);
		class->schema = schema->name;
		class->persistence = form->relpersistence;
		class->replica_identity = form->relreplident;
		class->partition = form->relispartition;
		class->row_security = form->relrowsecurity;
		class->force_row_security = form->relforcerowsecurity;
		class->owner = form->relowner;
		class->method = form->relam;
		class->of_type = form->reloftype;
		class->tablespace = form->reltablespace;
		class->toast = form->reltoastrelid;
		class->nattributes = form->relnatts;
		acl = heap_getattr(tuple, Anum_pg_class_relacl, desc, &isnull);
		class->acl = isnull ? NULL : DatumGetAclPCopy(acl);
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	if (catalogs->nclasses > 0)
		qsort(catalogs->classes, catalogs->nclasses, sizeof(MigSnapshotClass), compare_classes);
}

static void
mark_dependents(MigTaking *taking)
{
	ListCell   *lc;

	foreach(lc, taking->catalogs->dependents)
	{
		MigSnapshotClass *class = mig_snapshot_class(taking, lfirst_oid(lc));

		if (class != NULL)
			class->depends = true;
	}
}

static void
read_inheritance(MigTaking *taking)
{
	Relation	relation = table_open(InheritsRelationId, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	HeapTuple	tuple;

	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);
		MigSnapshotClass *class = mig_snapshot_class(taking, form->inhrelid);

		if (class != NULL)
			class->inherits = true;
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
}

/*
 * mig_snapshot_class
 *		A relation; NULL: there is none, or the server's.  What is not the
 *		database's own has a kind and options only.
 */
MigSnapshotClass *
mig_snapshot_class(const MigTaking *taking, Oid oid)
{
	const MigSnapshotCatalogs *catalogs = taking->catalogs;
	MigSnapshotClass key = {.oid = oid};

	if (catalogs->nclasses == 0)
		return NULL;
	return bsearch(&key, catalogs->classes, catalogs->nclasses, sizeof(MigSnapshotClass),
				   compare_classes);
}

/*
 * mig_snapshot_classes
 *		All of them, by OID.
 */
MigSnapshotClass *
mig_snapshot_classes(const MigTaking *taking, int *n)
{
	*n = taking->catalogs->nclasses;
	return taking->catalogs->classes;
}

/*
 * mig_snapshot_identity
 *		The name of a relation with its schema, in the snapshot's memory.
 */
const char *
mig_snapshot_identity(const MigTaking *taking, MigSnapshotClass *class)
{
	if (class->identity == NULL)
	{
		Size		schema = strlen(class->schema);
		Size		name = strlen(class->name);

		class->identity = MemoryContextAlloc(taking->snapshot->context, schema + name + 2);
		memcpy(class->identity, class->schema, schema);
		class->identity[schema] = '.';
		memcpy(class->identity + schema + 1, class->name, name + 1);
	}
	return class->identity;
}

static void
read_comments(MigSnapshotCatalogs *catalogs)
{
	Relation	relation = table_open(DescriptionRelationId, AccessShareLock);
	Relation	index = index_open(DescriptionObjIndexId, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(relation);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_description_objoid, BTGreaterEqualStrategyNumber, F_OIDGE,
				ObjectIdGetDatum(MIG_FIRST_OF_USERS));
	scan = systable_beginscan_ordered(relation, index, GetActiveSnapshot(), 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		Form_pg_description form = (Form_pg_description) GETSTRUCT(tuple);
		bool		isnull;
		Datum		words = heap_getattr(tuple, Anum_pg_description_description, desc, &isnull);
		Comment    *comment;

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		catalogs->comments = another(catalogs, catalogs->comments, catalogs->ncomments,
									 sizeof(Comment));
		comment = &catalogs->comments[catalogs->ncomments++];
		comment->object = form->objoid;
		comment->catalog = form->classoid;
		comment->number = form->objsubid;
		comment->text = TextDatumGetCString(words);
	}
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(relation, AccessShareLock);
}

static int
compare_comments(const void *a, const void *b)
{
	const Comment *x = (const Comment *) a;
	const Comment *y = (const Comment *) b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->catalog != y->catalog)
		return x->catalog < y->catalog ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number ? 1 : 0;
}

/*
 * mig_snapshot_comment
 *		The comment on an object of a user's; NULL: there is none.
 */
const char *
mig_snapshot_comment(const MigTaking *taking, Oid catalog, Oid object, int number)
{
	const MigSnapshotCatalogs *catalogs = taking->catalogs;
	Comment		key = {object, catalog, number, NULL};
	const Comment *comment;

	if (catalogs->ncomments == 0)
		return NULL;
	comment = bsearch(&key, catalogs->comments, catalogs->ncomments, sizeof(Comment),
					  compare_comments);
	return comment ? comment->text : NULL;
}

/*
 * mig_snapshot_read_catalogs
 *		To be called first, in a memory context that lives as long as the taking.
 */
void
mig_snapshot_read_catalogs(MigTaking *taking)
{
	taking->catalogs = palloc0(sizeof(MigSnapshotCatalogs));
	read_members(taking->catalogs);
	read_schemas(taking->catalogs);
	read_classes(taking);
	mark_dependents(taking);
	read_inheritance(taking);
	read_comments(taking->catalogs);
}

/*
 * mig_snapshot_put_owner
 *		Who owns an object.
 */
void
mig_snapshot_put_owner(MigTaking *taking, const char *kind, const char *identity, Oid owner)
{
	MigSnapshotCatalogs *catalogs = taking->catalogs;

	if (!mig_snapshot_wants(taking, MIG_OWNER))
		return;
	if (catalogs->owner != owner)
	{
		const char *name = GetUserNameFromId(owner, true);

		catalogs->owner_label = MemoryContextStrdup(taking->snapshot->context,
													name ? quote_identifier(name) :
													psprintf("%u", owner));
		catalogs->owner = owner;
	}
	mig_snapshot_put(taking, kind, identity, MIG_OWNER, catalogs->owner_label);
}

/*
 * mig_snapshot_put_privileges
 *		What has been granted on an object and revoked.
 */
void
mig_snapshot_put_privileges(MigTaking *taking, const char *kind, const char *identity,
							ObjectType type, Oid owner, const Acl *acl)
{
	const char *text;

	if (acl == NULL || !mig_snapshot_wants(taking, MIG_PRIVILEGES))
		return;
	text = mig_privileges_text(type, true, owner, acl);
	/* the same as if nothing had ever been granted */
	if (text[0] != '\0')
		mig_snapshot_put(taking, kind, identity, MIG_PRIVILEGES, text);
}

/*
 * mig_snapshot_oids
 *		OIDs as the parameter of a statement.
 */
Datum
mig_snapshot_oids(const List *oids)
{
	Datum	   *elements = palloc(sizeof(Datum) * list_length(oids));
	int			n = 0;
	const ListCell *lc;

	foreach(lc, oids)
		elements[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(elements, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}
