<?php
// WordPress and WooCommerce, as far as examples/woocommerce/goeswith.php asks for them, and a visit.
//
//     php wordpress.php PLUGIN GATEWAY KEY RECEIPT NOW_S HOOKS CART
//
// HOOKS are what WooCommerce calls in this request, with their arguments; CART is what is then there.

define('GOESWITH_GATEWAY', $argv[2]); define('GOESWITH_KEY', $argv[3]);
define('GOESWITH_INTEGRITY', 'sha384-abc');
$hooks = $routes = $did = $within = [];
function add_action($at, $does, $priority = 10, $takes = 1) {
    global $hooks; $hooks[$at][] = fn(...$all) => $does(...array_slice($all, 0, $takes));
}
function call($at, ...$all) {
    global $hooks, $did, $within;
    $did[$at] = ($did[$at] ?? 0) + 1;
    $within[] = $at;
    if (is_array($all[0] ?? null)) call(...$all[0]); // what is called within it
    foreach ($hooks[$at] ?? [] as $does) $does(...$all);
    array_pop($within);
}
function did_action($at) { global $did; return $did[$at] ?? 0; }
function doing_action($at) { global $within; return in_array($at, $within, true); }
function register_rest_route($of, $at, $how) { global $routes; $routes[$at] = $how['callback']; }
function wp_generate_uuid4() { static $n = 0; return sprintf('00000000-0000-4000-8000-%012d', ++$n); }
function wp_doing_ajax() { return did_action('wc_ajax_empty') > 0; }
function nocache_headers() {}
function rest_url($at) { return "https://shop.example/wp-json/$at"; }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
function esc_url($text) { return htmlspecialchars($text, ENT_QUOTES); }
function sanitize_text_field($text) { return trim($text); }
function post_password_required($id) { return $id == 46; }
function wc_get_price_to_display($item) { return '2.49'; }
function get_the_ID() { return 42; }
function wp_strip_all_tags($text) { return strip_tags($text); }
function wc_price($price) { return "<span>&euro;$price</span>"; }
function wp_get_attachment_image_url($id, $size) { return "/i/$id.webp"; }
function wp_remote_post($address, $how) {
    $headers = array_map(fn($n, $v) => "$n: $v", array_keys($how['headers']), $how['headers']);
    $asked = ['method' => 'POST', 'header' => $headers, 'content' => $how['body'],
        'ignore_errors' => true];
    return file_get_contents($address, false, stream_context_create(['http' => $asked]));
}
class Product {
    function __construct(public $id) {}
    function is_in_stock() { return $this->id != 43; }
    function get_name() { return "Bread & <b>butter</b>"; }
    function get_permalink() { return "/p/$this->id"; }
    function get_image_id() { return 7; }
    function get_status() { return $this->id == 45 ? 'draft' : 'publish'; }
    function is_visible() { return true; }
}
function wc_get_product($id) { return $id == 44 ? false : new Product($id); }
class Cart {
    function get_cart() { global $argv; return json_decode($argv[7], true); }
}
function WC() { return (object) ['cart' => new Cart()]; }
class Order {
    public $meta = [], $saved = 0;
    function __construct(public $id) {}
    function get_id() { return $this->id; }
    function update_meta_data($name, $value) { $this->meta[$name] = $value; }
    function save() { $this->saved++; }
}
require $argv[1];
ob_start();
call('rest_api_init');
$_SERVER['QUERY_STRING'] = 'id=42&id=43&id=44&id=45&id=46&id=x';
$_REQUEST['goeswith_receipt'] = $argv[4];
call('woocommerce_after_single_product_summary');
$page = ob_get_clean();
foreach (json_decode($argv[6]) as $hook) call(...$hook);
$new = new Order(0); $known = new Order(5);
$hooks['woocommerce_checkout_create_order'][0]($new);
$hooks['woocommerce_store_api_checkout_update_order_meta'][0]($known);
call('shutdown');
echo json_encode(['token' => $routes['/token']()['token'], 'items' => $routes['/items'](),
    'page' => $page, 'dated' => goeswith_token('visit', (int) $argv[5]),
    'session' => goeswith_session(),
    'orders' => [$new->meta, $new->saved, $known->meta, $known->saved]]);
