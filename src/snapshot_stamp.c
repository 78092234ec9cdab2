/*-------------------------------------------------------------------------
 *
 * snapshot_stamp.c
 *	  A number that is another one once anything that a snapshot depends on has
 *	  changed.
 *
 * It is made of which commands of which transactions have written the rows of
 * the catalogs: a sum, as rows have no order.  After its end no command adds a
 * row, so where as many rows of each are there, the same ones are.  What is
 * changed in place (by ANALYZE and VACUUM, of relations) is nothing that a
 * snapshot tells; freezing a row and VACUUM FULL keep who wrote it.
 *
 * Under a snapshot of its own; locks nothing but catalogs, and these no longer
 * than it takes; any transaction state.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"
#include "snapshot.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_cast.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_range.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_tablespace.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_config_map.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(migrate_snapshot_stamp);

/* What snapshots tell of, and what gives names to it. */
static const Oid catalogs[] = {
	AccessMethodOperatorRelationId,
	AccessMethodProcedureRelationId,
	AccessMethodRelationId,
	AggregateRelationId,
	AttrDefaultRelationId,
	AttributeRelationId,
	AuthIdRelationId,
	CastRelationId,
	CollationRelationId,
	ConstraintRelationId,
	ConversionRelationId,
	DefaultAclRelationId,
	DescriptionRelationId,
	EnumRelationId,
	EventTriggerRelationId,
	ExtensionRelationId,
	ForeignDataWrapperRelationId,
	ForeignServerRelationId,
	ForeignTableRelationId,
	IndexRelationId,
	InheritsRelationId,
	LanguageRelationId,
	NamespaceRelationId,
	OperatorClassRelationId,
	OperatorFamilyRelationId,
	OperatorRelationId,
	PartitionedRelationId,
	PolicyRelationId,
	ProcedureRelationId,
	PublicationNamespaceRelationId,
	PublicationRelRelationId,
	PublicationRelationId,
	RangeRelationId,
	RelationRelationId,
	RewriteRelationId,
	SecLabelRelationId,
	SequenceRelationId,
	StatisticExtRelationId,
	SubscriptionRelationId,
	TSConfigMapRelationId,
	TSConfigRelationId,
	TSDictionaryRelationId,
	TSParserRelationId,
	TSTemplateRelationId,
	TableSpaceRelationId,
	TransformRelationId,
	TriggerRelationId,
	TypeRelationId,
	UserMappingRelationId
};

typedef struct Stamp
{
	uint64		sum;
	Oid			catalog;
	TransactionId last;			/* who wrote the last row, */
	CommandId	command;		/* ... with which command */
	uint64		addend;			/* ... and what that adds */
} Stamp;

static inline void
add_row(Stamp *stamp, HeapTuple tuple)
{
	TransactionId writer = HeapTupleHeaderGetRawXmin(tuple->t_data);
	CommandId	command = HeapTupleHeaderGetRawCommandId(tuple->t_data);

	if (writer != stamp->last || command != stamp->command)
	{
		stamp->last = writer;
		stamp->command = command;
		stamp->addend = hash_combine64(hash_bytes_uint32_extended(writer, stamp->catalog),
									   hash_bytes_uint32_extended(command, stamp->catalog));
	}
	stamp->sum += stamp->addend;
}

static void
begin_catalog(Stamp *stamp, Oid catalog)
{
	stamp->catalog = catalog;
	stamp->last = InvalidTransactionId;
}

static void
add_catalog(Stamp *stamp, Oid oid, Snapshot snapshot)
{
	Relation	catalog = table_open(oid, AccessShareLock);
	TableScanDesc scan = table_beginscan_strat(catalog, snapshot, 0, NULL, true, false);
	HeapTuple	tuple;

	begin_catalog(stamp, oid);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		add_row(stamp, tuple);
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/*
 * What belongs to an extension.  All other dependencies that a snapshot looks
 * at are written with what has them.
 */
static void
add_members(Stamp *stamp, Snapshot snapshot)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	begin_catalog(stamp, DependRelationId);
	ScanKeyInit(&key, Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		add_row(stamp, tuple);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * mig_snapshot_stamp
 *		As long as this is the same, so is what mig_snapshot_take() tells; it may
 *		be another one though nothing has changed.  To be taken before a snapshot
 *		that it is kept with, and is then true of either.
 */
uint64
mig_snapshot_stamp(void)
{
	Stamp		stamp = {0};
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	int			i;

	for (i = 0; i < lengthof(catalogs); i++)
		add_catalog(&stamp, catalogs[i], snapshot);
	add_members(&stamp, snapshot);
	UnregisterSnapshot(snapshot);
	return stamp.sum;
}

Datum
migrate_snapshot_stamp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) mig_snapshot_stamp());
}
