"""The names of the embedded market: what they are called, what they cost, and what kind of name each is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Archetype:
    """What names of one kind have in common.

    Attributes:
        ambient: annualised volatility outside of reports, on 252 sessions a year.
        event: standard deviation of a report's move as options price it (a log return).
        richness: ``event`` over the true standard deviation; below 1 the move is under-priced.
        liquidity: class of option quotes, A (tight) to D (wide).
        dividend: continuous dividend yield.
    """

    ambient: float
    event: float
    richness: float
    liquidity: str
    dividend: float = 0.0


ARCHETYPES = {
    "mega": Archetype(0.26, 0.055, 1.15, "A", 0.004),
    "semi": Archetype(0.42, 0.085, 1.25, "A"),
    "bank": Archetype(0.22, 0.038, 1.12, "A", 0.025),
    "staple": Archetype(0.16, 0.032, 1.18, "B", 0.028),
    "utility": Archetype(0.17, 0.024, 1.40, "C", 0.035),
    "saas": Archetype(0.55, 0.135, 1.10, "B"),
    "retail": Archetype(0.38, 0.090, 1.20, "B", 0.012),
    "biotech": Archetype(0.60, 0.075, 1.05, "C"),
    "meme": Archetype(0.95, 0.140, 1.00, "B"),
    "penny": Archetype(0.80, 0.130, 1.10, "D"),
    "reit": Archetype(0.20, 0.030, 1.35, "C", 0.040),
    "trap": Archetype(0.36, 0.060, 0.80, "A"),
}


@dataclass(frozen=True, slots=True)
class Equity:
    """A listed company.

    Attributes:
        exchange: Tradier's letter, ``Q`` for Nasdaq and ``N`` for the New York Stock Exchange.
        price: close of the session before the default start, dollars.
        shares: outstanding, millions.
        season: ``B``, ``A`` or ``D`` where the name reports before the open, after the close or during hours within
            the fourteen days from the default start; empty where the seed decides day and timing.
    """

    symbol: str
    name: str
    sector: str
    archetype: str
    price: float
    exchange: str
    shares: float
    season: str


NO_TIMING = "HEI"
"""Reports in the season, but no calendar says at what time of the day."""
THREE_QUARTERS = "RBRK"
"""Has only three past reports."""
EXPIRY_FRIDAY = "GCO"
"""Reports after the close of a Friday on which options expire: that expiry does not cover the report."""
HOLIDAY_EXPIRY = "KMX"
"""Its covering expiry is the Thursday before Christmas: the Friday is a holiday."""
NO_GREEKS = "DCI"
"""The vendor has no greeks for its options."""
BROKEN_QUOTES = "REX"
"""Some of its options are quoted crossed or at zero."""
ONE_EXPIRY = "FCEL"
"""Lists a single expiry."""
DATES_DIFFER = ("DKS", "ZM")
"""The corporate calendar names the session after the one that the earnings calendar names."""
NO_OPTIONS = "DJCO"
"""Has no listed options."""

_ROWS = """
DELL|Dell Technologies Inc|TECHNOLOGY|semi|134.20|N|680|A
HPQ|HP Inc|TECHNOLOGY|retail|36.40|N|940|A
ADSK|Autodesk Inc|TECHNOLOGY|mega|298.40|Q|214|A
WDAY|Workday Inc|TECHNOLOGY|saas|236.80|Q|266|A
ZS|Zscaler Inc|TECHNOLOGY|saas|284.10|Q|155|A
CRWD|CrowdStrike Holdings Inc|TECHNOLOGY|semi|462.50|Q|249|A
SNOW|Snowflake Inc|TECHNOLOGY|saas|218.30|N|334|A
OKTA|Okta Inc|TECHNOLOGY|saas|88.12|Q|174|A
MDB|MongoDB Inc|TECHNOLOGY|saas|318.70|Q|82|A
CRM|Salesforce Inc|TECHNOLOGY|mega|318.40|N|952|A
MRVL|Marvell Technology Inc|TECHNOLOGY|semi|84.60|Q|862|A
NTNX|Nutanix Inc|TECHNOLOGY|saas|68.90|Q|268|A
PSTG|Pure Storage Inc|TECHNOLOGY|saas|76.20|N|327|A
ZM|Zoom Communications Inc|TECHNOLOGY|mega|82.30|Q|302|A
GTLB|GitLab Inc|TECHNOLOGY|saas|47.80|Q|166|A
PATH|UiPath Inc|TECHNOLOGY|penny|13.70|N|540|A
ASAN|Asana Inc|TECHNOLOGY|penny|14.90|N|236|A
RBRK|Rubrik Inc|TECHNOLOGY|saas|74.30|N|196|A
AI|C3.ai Inc|TECHNOLOGY|meme|17.60|N|139|A
GME|GameStop Corp|CONSUMER CYCLICAL|meme|23.40|N|447|A
URBN|Urban Outfitters Inc|CONSUMER CYCLICAL|retail|72.80|Q|90|A
LULU|Lululemon Athletica Inc|CONSUMER CYCLICAL|retail|188.60|Q|119|A
ULTA|Ulta Beauty Inc|CONSUMER CYCLICAL|trap|310.20|Q|45|A
GCO|Genesco Inc|CONSUMER CYCLICAL|retail|31.50|N|11|A
HEI|Heico Corp|INDUSTRIALS|bank|318.00|N|139|A
DCI|Donaldson Company Inc|INDUSTRIALS|staple|92.40|N|116|B
REX|REX American Resources Corp|ENERGY|utility|33.10|N|33|B
BBY|Best Buy Company Inc|CONSUMER CYCLICAL|retail|78.90|N|211|B
DKS|Dick's Sporting Goods Inc|CONSUMER CYCLICAL|retail|212.70|N|90|B
ANF|Abercrombie & Fitch Co|CONSUMER CYCLICAL|retail|88.20|N|47|B
BURL|Burlington Stores Inc|CONSUMER CYCLICAL|retail|276.40|N|63|B
KSS|Kohl's Corp|CONSUMER CYCLICAL|meme|17.20|N|112|B
M|Macy's Inc|CONSUMER CYCLICAL|retail|19.80|N|268|B
DG|Dollar General Corp|CONSUMER DEFENSIVE|retail|108.30|N|220|B
DLTR|Dollar Tree Inc|CONSUMER DEFENSIVE|retail|104.60|Q|204|B
KR|Kroger Company|CONSUMER DEFENSIVE|staple|66.70|N|661|B
HRL|Hormel Foods Corp|CONSUMER DEFENSIVE|staple|23.90|N|550|B
DE|Deere & Company|INDUSTRIALS|bank|472.60|N|271|B
NIO|NIO Inc|CONSUMER CYCLICAL|penny|6.90|N|2080|B
CHWY|Chewy Inc|CONSUMER CYCLICAL|retail|36.80|N|415|B
FRO|Frontline Plc|ENERGY|retail|24.30|N|223|B
SJM|J M Smucker Company|CONSUMER DEFENSIVE|staple|104.80|N|107|D
KMX|CarMax Inc|CONSUMER CYCLICAL|retail|57.40|N|149|
AAPL|Apple Inc|TECHNOLOGY|mega|272.40|Q|14840|
MSFT|Microsoft Corp|TECHNOLOGY|mega|498.10|Q|7430|
NVDA|NVIDIA Corp|TECHNOLOGY|semi|142.31|Q|24300|
AMZN|Amazon.com Inc|CONSUMER CYCLICAL|mega|231.60|Q|10690|
GOOGL|Alphabet Inc|COMMUNICATION SERVICES|mega|286.90|Q|12080|
META|Meta Platforms Inc|COMMUNICATION SERVICES|mega|612.80|Q|2520|
TSLA|Tesla Inc|CONSUMER CYCLICAL|semi|398.20|Q|3325|
NFLX|Netflix Inc|COMMUNICATION SERVICES|mega|108.40|Q|4240|
AVGO|Broadcom Inc|TECHNOLOGY|semi|342.70|Q|4722|
AMD|Advanced Micro Devices Inc|TECHNOLOGY|semi|216.50|Q|1628|
INTC|Intel Corp|TECHNOLOGY|semi|38.40|Q|4770|
MU|Micron Technology Inc|TECHNOLOGY|semi|226.80|Q|1122|
QCOM|Qualcomm Inc|TECHNOLOGY|semi|168.30|Q|1079|
TXN|Texas Instruments Inc|TECHNOLOGY|mega|162.90|Q|909|
AMAT|Applied Materials Inc|TECHNOLOGY|semi|232.10|Q|797|
LRCX|Lam Research Corp|TECHNOLOGY|semi|154.60|Q|1256|
SMCI|Super Micro Computer Inc|TECHNOLOGY|meme|36.20|Q|597|
ORCL|Oracle Corp|TECHNOLOGY|semi|212.40|N|2850|
ADBE|Adobe Inc|TECHNOLOGY|mega|328.60|Q|419|
INTU|Intuit Inc|TECHNOLOGY|mega|648.30|Q|278|
NOW|ServiceNow Inc|TECHNOLOGY|mega|164.20|N|1040|
PLTR|Palantir Technologies Inc|TECHNOLOGY|saas|158.90|Q|2380|
DDOG|Datadog Inc|TECHNOLOGY|saas|152.70|Q|350|
NET|Cloudflare Inc|TECHNOLOGY|saas|198.40|N|350|
TEAM|Atlassian Corp|TECHNOLOGY|saas|156.20|Q|263|
HUBS|HubSpot Inc|TECHNOLOGY|saas|382.60|N|53|
TWLO|Twilio Inc|TECHNOLOGY|saas|128.90|N|152|
SHOP|Shopify Inc|TECHNOLOGY|saas|154.80|Q|1302|
UBER|Uber Technologies Inc|TECHNOLOGY|mega|86.70|N|2080|
ABNB|Airbnb Inc|CONSUMER CYCLICAL|retail|118.20|Q|613|
COIN|Coinbase Global Inc|FINANCIAL SERVICES|meme|268.40|Q|270|
HOOD|Robinhood Markets Inc|FINANCIAL SERVICES|saas|118.60|Q|899|
PYPL|PayPal Holdings Inc|FINANCIAL SERVICES|retail|62.40|Q|936|
SOFI|SoFi Technologies Inc|FINANCIAL SERVICES|meme|26.30|Q|1206|
JPM|JPMorgan Chase & Co|FINANCIAL SERVICES|bank|304.80|N|2720|
BAC|Bank of America Corp|FINANCIAL SERVICES|bank|52.60|N|7300|
WFC|Wells Fargo & Company|FINANCIAL SERVICES|bank|85.90|N|3140|
C|Citigroup Inc|FINANCIAL SERVICES|bank|102.40|N|1790|
GS|Goldman Sachs Group Inc|FINANCIAL SERVICES|bank|792.30|N|300|
MS|Morgan Stanley|FINANCIAL SERVICES|bank|164.70|N|1590|
SCHW|Charles Schwab Corp|FINANCIAL SERVICES|bank|93.20|N|1777|
AXP|American Express Company|FINANCIAL SERVICES|bank|356.10|N|689|
V|Visa Inc|FINANCIAL SERVICES|bank|334.90|N|1680|
MA|Mastercard Inc|FINANCIAL SERVICES|bank|544.60|N|898|
BLK|BlackRock Inc|FINANCIAL SERVICES|bank|1042.50|N|155|
WMT|Walmart Inc|CONSUMER DEFENSIVE|staple|104.30|N|7970|
COST|Costco Wholesale Corp|CONSUMER DEFENSIVE|staple|908.20|Q|443|
TGT|Target Corp|CONSUMER CYCLICAL|retail|89.60|N|454|
HD|Home Depot Inc|CONSUMER CYCLICAL|bank|348.70|N|995|
LOW|Lowe's Companies Inc|CONSUMER CYCLICAL|bank|236.40|N|561|
NKE|Nike Inc|CONSUMER CYCLICAL|retail|64.80|N|1478|
SBUX|Starbucks Corp|CONSUMER CYCLICAL|retail|84.90|Q|1137|
MCD|McDonald's Corp|CONSUMER CYCLICAL|staple|306.20|N|713|
CMG|Chipotle Mexican Grill Inc|CONSUMER CYCLICAL|retail|32.70|N|1337|
DIS|Walt Disney Company|COMMUNICATION SERVICES|retail|104.10|N|1798|
ROKU|Roku Inc|COMMUNICATION SERVICES|saas|94.60|Q|147|
SNAP|Snap Inc|COMMUNICATION SERVICES|penny|8.10|N|1690|
PINS|Pinterest Inc|COMMUNICATION SERVICES|saas|26.40|N|679|
SPOT|Spotify Technology SA|COMMUNICATION SERVICES|mega|598.20|N|206|
KO|Coca-Cola Company|CONSUMER DEFENSIVE|staple|72.10|N|4302|
PEP|PepsiCo Inc|CONSUMER DEFENSIVE|staple|146.80|Q|1369|
PG|Procter & Gamble Company|CONSUMER DEFENSIVE|staple|148.30|N|2337|
PM|Philip Morris International Inc|CONSUMER DEFENSIVE|staple|156.90|N|1557|
CL|Colgate-Palmolive Company|CONSUMER DEFENSIVE|staple|79.40|N|806|
GIS|General Mills Inc|CONSUMER DEFENSIVE|staple|47.80|N|533|
CAG|Conagra Brands Inc|CONSUMER DEFENSIVE|utility|17.40|N|478|
DUK|Duke Energy Corp|UTILITIES|utility|123.70|N|778|
SO|Southern Company|UTILITIES|utility|90.60|N|1101|
NEE|NextEra Energy Inc|UTILITIES|utility|84.20|N|2083|
AEP|American Electric Power Company|UTILITIES|utility|121.90|Q|535|
D|Dominion Energy Inc|UTILITIES|utility|61.30|N|854|
O|Realty Income Corp|REAL ESTATE|reit|57.20|N|920|
PLD|Prologis Inc|REAL ESTATE|reit|127.40|N|929|
SPG|Simon Property Group Inc|REAL ESTATE|reit|184.60|N|326|
AMT|American Tower Corp|REAL ESTATE|reit|181.30|N|468|
JNJ|Johnson & Johnson|HEALTHCARE|staple|203.80|N|2409|
PFE|Pfizer Inc|HEALTHCARE|staple|25.40|N|5686|
MRK|Merck & Company Inc|HEALTHCARE|staple|97.60|N|2482|
LLY|Eli Lilly and Company|HEALTHCARE|mega|1048.70|N|945|
UNH|UnitedHealth Group Inc|HEALTHCARE|mega|324.10|N|906|
MRNA|Moderna Inc|HEALTHCARE|biotech|24.60|Q|391|
BNTX|BioNTech SE|HEALTHCARE|biotech|102.30|Q|240|
NVAX|Novavax Inc|HEALTHCARE|penny|7.40|Q|163|
CRSP|CRISPR Therapeutics AG|HEALTHCARE|biotech|53.90|Q|91|
BEAM|Beam Therapeutics Inc|HEALTHCARE|biotech|24.80|Q|101|
EXEL|Exelixis Inc|HEALTHCARE|biotech|41.20|Q|269|
XOM|Exxon Mobil Corp|ENERGY|bank|116.90|N|4265|
CVX|Chevron Corp|ENERGY|bank|152.30|N|2013|
OXY|Occidental Petroleum Corp|ENERGY|retail|41.70|N|985|
BA|Boeing Company|INDUSTRIALS|mega|188.40|N|760|
CAT|Caterpillar Inc|INDUSTRIALS|mega|562.80|N|468|
GE|GE Aerospace|INDUSTRIALS|mega|296.70|N|1055|
FDX|FedEx Corp|INDUSTRIALS|retail|272.60|N|236|
UPS|United Parcel Service Inc|INDUSTRIALS|retail|94.80|N|848|
DAL|Delta Air Lines Inc|INDUSTRIALS|retail|61.40|N|653|
UAL|United Airlines Holdings Inc|INDUSTRIALS|retail|96.20|Q|324|
CCL|Carnival Corp|CONSUMER CYCLICAL|retail|26.70|N|1169|
AMC|AMC Entertainment Holdings Inc|COMMUNICATION SERVICES|penny|3.60|N|513|
RIVN|Rivian Automotive Inc|CONSUMER CYCLICAL|meme|15.30|Q|1226|
PLUG|Plug Power Inc|INDUSTRIALS|penny|4.30|Q|1391|
DJCO|Daily Journal Corp|TECHNOLOGY|reit|412.60|Q|1.4|
FCEL|FuelCell Energy Inc|INDUSTRIALS|penny|9.20|Q|47|
"""


def load_equities() -> dict[str, Equity]:
    """Every equity by its symbol, in the order of the listing."""
    equities = {}
    for row in _ROWS.strip().splitlines():
        symbol, name, sector, archetype, price, exchange, shares, season = row.split("|")
        equities[symbol] = Equity(symbol, name, sector, archetype, float(price), exchange, float(shares), season)
    return equities
