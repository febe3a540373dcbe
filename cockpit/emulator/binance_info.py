"""The exchange's description of itself: limits, and the rules of every pair."""

from collections.abc import Sequence

from cockpit.emulator.crypto import SCALE, CryptoPair, fixed

_ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
_UNIT = 10**SCALE


def exchange_info(
    pairs: Sequence[CryptoPair], server_time: int, weight_limit: int, *, permission_sets: bool
) -> dict[str, object]:
    """The body of exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": server_time,
        "rateLimits": [
            _limit("REQUEST_WEIGHT", "MINUTE", 1, weight_limit),
            _limit("ORDERS", "SECOND", 10, 100),
            _limit("ORDERS", "DAY", 1, 200_000),
            _limit("RAW_REQUESTS", "MINUTE", 5, 300_000),
        ],
        "exchangeFilters": [],
        "symbols": [_symbol(pair, permission_sets=permission_sets) for pair in pairs],
    }


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, object]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _symbol(pair: CryptoPair, *, permission_sets: bool) -> dict[str, object]:
    return {
        "symbol": pair.symbol,
        "status": "TRADING",
        "baseAsset": pair.base,
        "baseAssetPrecision": SCALE,
        "quoteAsset": pair.quote,
        "quotePrecision": SCALE,
        "quoteAssetPrecision": SCALE,
        "baseCommissionPrecision": SCALE,
        "quoteCommissionPrecision": SCALE,
        "orderTypes": _ORDER_TYPES,
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": _filters(pair),
        "permissions": [],
        **({"permissionSets": [["SPOT", "MARGIN"]]} if permission_sets else {}),
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"],
    }


def _filters(pair: CryptoPair) -> list[dict[str, object]]:
    tick = pair.price_text(1)
    step = pair.quantity_text(1)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": fixed(round(pair.price * 1000) * _UNIT // 10),
            "tickSize": tick,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": step,
            "maxQty": fixed(90_000_000 * 10 ** (SCALE - pair.quantity_decimals)),
            "stepSize": step,
        },
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": fixed(0),
            "maxQty": fixed(9_000_000 * 10 ** (SCALE - pair.quantity_decimals)),
            "stepSize": fixed(0),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]
