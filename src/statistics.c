/*-------------------------------------------------------------------------
 *
 * statistics.c
 *	  How large a relation is: by its files and the catalogs, or by what was
 *	  imported from another server.
 *
 * Reads migrate_statistic by catalog.c's means.  Expects a transaction; takes
 * no lock on the relation that it is asked about, which may be dropped at any
 * moment: what is gone has a size that is not known.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"
#include "compat.h"
#include "statistics.h"

#include <math.h>
#include <sys/stat.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/itemid.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* Relations that are not in a file of their own, or never in one of ours. */
static bool
has_storage(char kind)
{
	return kind == RELKIND_RELATION || kind == RELKIND_INDEX ||
		kind == RELKIND_SEQUENCE || kind == RELKIND_TOASTVALUE ||
		kind == RELKIND_MATVIEW;
}

/*
 * The bytes in a relation's file as the file system has it, which needs no
 * lock and is right where relpages is not yet or no longer; -1: not known.
 */
static int64
file_bytes(Form_pg_class form)
{
	Oid			tablespace = OidIsValid(form->reltablespace) ?
		form->reltablespace : MyDatabaseTableSpace;
	int			backend = -1;
	int64		total = 0;
	char	   *path;
	int			segment;

	if (!OidIsValid(form->relfilenode))
		return -1;				/* a mapped catalog */
	if (form->relkind != RELKIND_INDEX && form->relkind != RELKIND_SEQUENCE &&
		form->relam != HEAP_TABLE_AM_OID)
		return -1;
	if (form->relpersistence == RELPERSISTENCE_TEMP)
		backend = mig_temp_backend();
	path = mig_relation_path(form->relisshared ? InvalidOid : MyDatabaseId,
							 tablespace, form->relfilenode, backend);
	for (segment = 0;; segment++)
	{
		struct stat st;
		char	   *file = segment == 0 ? path : psprintf("%s.%d", path, segment);

		if (stat(file, &st) != 0)
		{
			/* another session's temporary one, or just rewritten */
			if (segment == 0)
				total = -1;
			break;
		}
		total += st.st_size;
		if (st.st_size < (int64) RELSEG_SIZE * BLCKSZ)
			break;
	}
	pfree(path);
	return total;
}

/* By the file, or by the statistics when these say more. */
static int64
relation_bytes(Form_pg_class form, bool *no_pages)
{
	int64		bytes = file_bytes(form);
	int64		counted = (int64) form->relpages * BLCKSZ;

	*no_pages = bytes == 0 && counted == 0;
	if (bytes < 0 && counted == 0)
		return -1;
	return Max(bytes, counted);
}

/*
 * mig_toast_bytes
 *		The size of a TOAST table; 0 if there is none.
 */
int64
mig_toast_bytes(Oid toast)
{
	HeapTuple	tuple;
	bool		no_pages;
	int64		bytes;

	if (!OidIsValid(toast))
		return 0;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(toast));
	if (!HeapTupleIsValid(tuple))
		return 0;
	bytes = relation_bytes((Form_pg_class) GETSTRUCT(tuple), &no_pages);
	ReleaseSysCache(tuple);
	return Max(bytes, 0);
}

/* How many rows fit on a page, by the types of the columns. */
static double
rows_on_page(Form_pg_class form)
{
	int			width = MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData);
	AttrNumber	number;

	for (number = 1; number <= form->relnatts; number++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(form->oid),
											Int16GetDatum(number));
		Form_pg_attribute attribute;

		if (!HeapTupleIsValid(tuple))
			continue;
		attribute = (Form_pg_attribute) GETSTRUCT(tuple);
		if (!attribute->attisdropped)
			width += get_typavgwidth(attribute->atttypid, attribute->atttypmod);
		ReleaseSysCache(tuple);
	}
	return (double) (BLCKSZ - SizeOfPageHeaderData) / width;
}

/*
 * mig_relation_size_here
 *		The size that a relation has in this database.
 *
 * Rows are estimated as the planner does it: by the density that VACUUM and
 * ANALYZE found; else by what the cumulative statistics count, or by how many
 * would fit.
 */
void
mig_relation_size_here(Form_pg_class form, MigSize *size)
{
	Datum		oid = ObjectIdGetDatum(form->oid);
	int64		pages;
	int64		live;

	size->tuples = form->relkind == RELKIND_FOREIGN_TABLE ? form->reltuples : 0;
	size->bytes = form->relkind == RELKIND_FOREIGN_TABLE ? -1 : 0;
	size->no_pages = false;
	if (!has_storage(form->relkind))
		return;
	size->bytes = relation_bytes(form, &size->no_pages);
	pages = size->bytes / BLCKSZ;
	if (size->bytes >= 0)
		size->bytes += mig_toast_bytes(form->reltoastrelid);
	if (form->relkind == RELKIND_INDEX)
	{
		size->tuples = form->reltuples;
		return;
	}
	if (form->reltuples > 0)
	{
		/* it may have grown since it was counted */
		size->tuples = form->reltuples;
		if (form->relpages > 0 && pages > form->relpages)
			size->tuples = rint(size->tuples * pages / form->relpages);
		return;
	}
	/* by this session and not yet reported, too */
	live = DatumGetInt64(DirectFunctionCall1(pg_stat_get_live_tuples, oid)) +
		DatumGetInt64(DirectFunctionCall1(pg_stat_get_xact_tuples_inserted, oid));
	if (live > 0 || size->no_pages)
		size->tuples = Max(live, 0);
	else if (form->reltuples < 0 && pages > 0)
		size->tuples = rint(rows_on_page(form) * pages);
	else
		size->tuples = form->reltuples;
}

/* Look into the table itself, which costs less than a query, or is empty. */
static bool
is_imported(void)
{
	Oid			schema;
	Oid			owner;
	Oid			table;
	Relation	rel;
	BlockNumber blocks;

	if (!mig_extension(&schema, &owner))
		return false;
	table = get_relname_relid("migrate_statistic", schema);
	if (!OidIsValid(table))
		return false;
	rel = table_open(table, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(rel);
	table_close(rel, AccessShareLock);
	return blocks > 0;
}

/*
 * mig_statistics_find
 *		The size that was imported for the relation of a name; false if none
 *		was.
 */
bool
mig_statistics_find(const char *schema, const char *name, MigSize *size)
{
	MigVisit	visit;
	Datum		values[2];
	bool		found;

	if (!is_imported())
		return false;
	visit = mig_enter();
	values[0] = CStringGetTextDatum(schema);
	values[1] = CStringGetTextDatum(name);
	found = mig_run_query(Q_STATISTIC_FIND, values, NULL) > 0;
	if (found)
	{
		size->tuples = mig_int_field(0, 1, -1);
		size->bytes = mig_int_field(0, 2, -1);
		size->no_pages = size->bytes == 0;
	}
	mig_leave(&visit);
	return found;
}

/*
 * mig_relation_size
 *		The size to judge by.
 */
void
mig_relation_size(Form_pg_class form, MigSize *size)
{
	char	   *schema = get_namespace_name(form->relnamespace);

	if (schema == NULL || !mig_statistics_find(schema, NameStr(form->relname), size))
		mig_relation_size_here(form, size);
}

/*
 * mig_statistics_source
 *		Where the imported sizes come from; NULL if there are none.
 */
MigStatisticsSource *
mig_statistics_source(void)
{
	MigVisit	visit;
	MigStatisticsSource *source;

	if (!is_imported())
		return NULL;
	source = palloc0(sizeof(MigStatisticsSource));
	visit = mig_enter();
	if (mig_run_query(Q_STATISTIC_SOURCE, NULL, NULL) > 0)
	{
		source->database = mig_text_field(&visit, 0, 1);
		source->server_version = mig_text_field(&visit, 0, 2);
		source->exported = mig_text_field(&visit, 0, 3);
		source->relations = mig_int_field(0, 4, 0);
	}
	else
		source = NULL;
	mig_leave(&visit);
	return source;
}
