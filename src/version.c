/*-------------------------------------------------------------------------
 *
 * version.c
 *	  The order of versions.
 *
 * Owns the sort key: a string of bytes that compares, as bytea does, in the
 * order in which migrations run, and is equal for versions that are the same
 * number.  Pure: no catalogs, no locks, any transaction state.
 *
 * A version is read as [text] number(.number)* [text]: numbers compare by
 * value, so 21 = 021 < 1000 and 1.2 < 1.10, and trailing zero numbers do not
 * count, so 1.0 = 1; text compares bytewise.  A run of more than 14 digits
 * that begins with a date and a time is that time with something finer after
 * it: 20250101120000 < 202501011200000001 < 20250102000000.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#define TIMESTAMP_DIGITS 14

/* First byte of a key: baselines have an order of their own. */
#define KEY_BASELINE	0x08
#define KEY_VERSIONED	0x10
#define KEY_REPEATABLE	0x20

#define KEY_NUMBER		0x02
#define KEY_END			0x01
#define KEY_PLACED		0x00

#define is_digit(c) ((c) >= '0' && (c) <= '9')

/*
 * Do the first 14 of these digits read as YYYYMMDDHHMMSS?  Only the date is
 * looked at: hand-made versions run over in the minutes and seconds.
 */
static bool
is_timestamp(const char *digits)
{
	int			year = (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 +
		(digits[2] - '0') * 10 + (digits[3] - '0');
	int			month = (digits[4] - '0') * 10 + (digits[5] - '0');
	int			day = (digits[6] - '0') * 10 + (digits[7] - '0');

	return year >= 1990 && year < 2200 &&
		month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static void
append_number(StringInfo key, const char *digits, int len)
{
	while (len > 0 && *digits == '0')
	{
		digits++;
		len--;
	}
	appendStringInfoChar(key, KEY_NUMBER);
	appendStringInfoChar(key, (char) (len >> 8));
	appendStringInfoChar(key, (char) (len & 0xff));
	appendBinaryStringInfo(key, digits, len);
}

/*
 * mig_version_key
 *		The sort key of a version of that kind.
 *
 * The result is palloc'd.  Raises an error for an empty version, one with
 * blanks or control characters at an end, or one that is too long to be
 * indexed.
 */
bytea *
mig_version_key(char kind, const char *version)
{
	StringInfoData key;
	const char *p;
	size_t		len = strlen(version);
	bytea	   *result;

	/* the same in every database, whatever its encoding */
	version = pg_server_to_any(version, len, PG_UTF8);
	len = strlen(version);

	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version must not be empty")));
	if (len > 512)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version is too long"),
				 errdetail("A version has at most 512 bytes, this one has %zu.",
						   len)));
	for (p = version; *p; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 0x7f ||
			(*p == ' ' && kind == MIG_KIND_VERSIONED &&
			 (p == version || p[1] == '\0')))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("version \"%s\" has a blank at an end or a control character",
							version)));
	}

	initStringInfo(&key);
	appendStringInfoSpaces(&key, VARHDRSZ);

	p = version;
	if (kind == MIG_KIND_REPEATABLE)
	{
		appendStringInfoChar(&key, KEY_REPEATABLE);
		appendStringInfoString(&key, p);
	}
	else
	{
		int			keep;
		bool		first = true;

		appendStringInfoChar(&key, kind == MIG_KIND_BASELINE ?
							 KEY_BASELINE : KEY_VERSIONED);
		while (*p && !is_digit(*p))
			appendStringInfoChar(&key, *p++);
		appendStringInfoChar(&key, KEY_END);

		keep = key.len;
		while (is_digit(*p))
		{
			const char *digits = p;
			int			ndigits;

			while (is_digit(*p))
				p++;
			ndigits = p - digits;
			if (ndigits > TIMESTAMP_DIGITS && is_timestamp(digits))
			{
				p = digits + TIMESTAMP_DIGITS;
				ndigits = TIMESTAMP_DIGITS;
			}
			append_number(&key, digits, ndigits);
			if (first || key.data[key.len - 1] != 0)
				keep = key.len;
			first = false;
			if (*p != '.' || !is_digit(p[1]))
				break;
			p++;
		}
		key.len = keep;

		appendStringInfoChar(&key, KEY_END);
		appendStringInfoString(&key, p);
	}

	result = (bytea *) key.data;
	SET_VARSIZE(result, key.len);
	return result;
}

/*
 * mig_order_key
 *		The key by which migrations of one project are sorted.
 *
 * It is the version's, unless the format has an order of its own: place, from
 * 1.  Those come before all that are ordered by their versions, repeatables
 * in their place among them.
 */
bytea *
mig_order_key(char kind, int place, bytea *version_key)
{
	bytea	   *key;
	unsigned char *p;
	int			i;

	if (place == 0)
		return version_key;
	key = palloc(VARHDRSZ + 6);
	SET_VARSIZE(key, VARHDRSZ + 6);
	p = (unsigned char *) VARDATA(key);
	p[0] = kind == MIG_KIND_BASELINE ? KEY_BASELINE : KEY_VERSIONED;
	p[1] = KEY_PLACED;
	for (i = 0; i < 4; i++)
		p[2 + i] = (place >> (8 * (3 - i))) & 0xff;
	return key;
}

/*
 * mig_order_of_version
 *		The same for the version that a baseline stands for.
 */
bytea *
mig_order_of_version(const bytea *order)
{
	Size		size = VARSIZE_ANY_EXHDR(order) + VARHDRSZ;
	bytea	   *key = palloc(size);

	SET_VARSIZE(key, size);
	memcpy(VARDATA(key), VARDATA_ANY(order), size - VARHDRSZ);
	*VARDATA(key) = KEY_VERSIONED;
	return key;
}

/*
 * mig_place_of
 *		The place of which mig_order_key() made that key.
 */
int
mig_place_of(const bytea *order)
{
	const unsigned char *p = (const unsigned char *) VARDATA_ANY(order) + 2;

	return p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/*
 * mig_is_placed
 *		Is that the key of a migration whose format has an order of its own?
 */
bool
mig_is_placed(const bytea *order)
{
	return VARDATA_ANY(order)[1] == KEY_PLACED;
}

/*
 * mig_key_cmp
 *		Compare two keys, as the bytea type does.
 */
int
mig_key_cmp(const bytea *a, const bytea *b)
{
	int			alen = VARSIZE_ANY_EXHDR(a);
	int			blen = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b),
								Min(alen, blen));

	return result != 0 ? result : alen - blen;
}
