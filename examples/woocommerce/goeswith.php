<?php
/**
 * Plugin Name: goeswith
 * Description: What goes with this? Tells goeswith of the shop, and shows its prompts.
 * A file for wp-content/plugins/ of a WooCommerce shop; wp-config.php says where the gateway is:
 *     define('GOESWITH_GATEWAY', 'https://events.shop.example');
 *     define('GOESWITH_KEY', '...');        // one of its GOESWITH_GATEWAY_KEYS
 *     define('GOESWITH_INTEGRITY', '...');  // of goes-with.js, as its /v1/scripts says
 */

/** The visit: ours, not WooCommerce's, which begins anew at sign-in. */
function goeswith_session() {
    $id = $_COOKIE['goeswith_session'] ?? '';
    if (!preg_match('/^[0-9a-f-]{36}$/', $id)) $id = wp_generate_uuid4();
    $_COOKIE['goeswith_session'] = $id;
    $how = ['path' => '/', 'secure' => true, 'httponly' => true, 'samesite' => 'Lax'];
    if (!headers_sent()) setcookie('goeswith_session', $id, $how + ['expires' => time() + 1800]);
    return $id;
}

/** A session token: a JSON Web Token by HMAC-SHA-256, good for a quarter of an hour. */
function goeswith_token($session, $now) {
    $b64 = fn($raw) => rtrim(strtr(base64_encode($raw), '+/', '-_'), '=');
    $claims = ['aud' => 'goeswith', 'iat' => $now, 'exp' => $now + 900, 'session_id' => $session];
    $said = $b64('{"alg":"HS256","typ":"JWT"}') . '.' . $b64(json_encode($claims));
    return $said . '.' . $b64(hash_hmac('sha256', $said, GOESWITH_KEY, true));
}

/** What the pages ask for: a token, and what items are. Never cached, unlike the pages. */
add_action('rest_api_init', function () {
    $open = ['methods' => 'GET', 'permission_callback' => '__return_true'];
    register_rest_route('goeswith/v1', '/token', $open + ['callback' => function () {
        nocache_headers();
        return ['token' => goeswith_token(goeswith_session(), time())];
    }]);
    register_rest_route('goeswith/v1', '/items', $open + ['callback' => function () {
        preg_match_all('/(?:^|&)id=(\d+)/', $_SERVER['QUERY_STRING'] ?? '', $asked); // id=1&id=2
        $items = [];
        foreach (array_slice($asked[1], 0, 20) as $id) {
            $item = wc_get_product($id);
            if (!$item || $item->get_status() !== 'publish' || post_password_required($id)
                || !$item->is_visible() || !$item->is_in_stock()) continue; // is not shown
            $price = wp_strip_all_tags(wc_price(wc_get_price_to_display($item)));
            $image = wp_get_attachment_image_url($item->get_image_id(), 'thumbnail');
            $items[$id] = ['title' => $item->get_name(), 'url' => $item->get_permalink(),
                'image' => $image, 'price' => html_entity_decode($price)];
        }
        return (object) $items;
    }]);
});

/** Where prompts are to be: on a product's page, whose view is told, and above the basket. */
function goeswith_element($view = '') {
    printf('<script type="module" src="%s" crossorigin integrity="%s"></script>'
        . '<goes-with token-url="%s" items-url="%s"%s></goes-with>',
        esc_url(GOESWITH_GATEWAY . '/v1/goes-with.js'), esc_attr(GOESWITH_INTEGRITY),
        esc_url(rest_url('goeswith/v1/token')), esc_url(rest_url('goeswith/v1/items')),
        $view ? ' view="' . esc_attr($view) . '"' : '');
}
add_action('woocommerce_after_single_product_summary', fn() => goeswith_element(get_the_ID()));
add_action('woocommerce_before_cart', fn() => goeswith_element());

/** What this request tells; and, by line of the basket, what no add has told. */
$goeswith = (object) ['told' => [], 'moved' => []];
$tell = function ($type, $of) use ($goeswith) {
    $goeswith->told[] = $of + ['type' => $type, 'schema_version' => 2,
        'event_id' => wp_generate_uuid4(), 'session_id' => goeswith_session(),
        'occurred_at_ms' => (int) (microtime(true) * 1000)];
};

/** Whatever puts something into the basket; with the receipt of the prompt that it is from. */
add_action('woocommerce_add_to_cart', function ($line, $id, $quantity) use ($goeswith, $tell) {
    if (isset($goeswith->moved[$line])) $goeswith->moved[$line] -= $quantity; // it was there before
    $tell('item_added', ['item_id' => (string) $id, 'quantity' => (int) $quantity,
        'receipt' => sanitize_text_field($_REQUEST['goeswith_receipt'] ?? '')]); // empty: none
}, 10, 3);

/** Whatever else changes it, but for an order that empties it. */
$move = function ($line, $by) use ($goeswith) {
    goeswith_session(); // its cookie goes out before the page does
    $goeswith->moved[$line] = ($goeswith->moved[$line] ?? 0) + $by;
};
foreach (['woocommerce_cart_item_removed', 'woocommerce_cart_item_restored'] as $hook)
    add_action($hook, fn($line) => $move($line, INF));
add_action('woocommerce_after_cart_item_quantity_update',
    fn($line, $now, $before) => $move($line, $now - $before), 10, 3);
$by_order = fn() => did_action('woocommerce_checkout_order_processed')
    || did_action('woocommerce_store_api_checkout_order_processed')
    || (doing_action('template_redirect') && !wp_doing_ajax()); // back from where it was paid
add_action('woocommerce_cart_emptied', fn() => $by_order() || $move('', INF));

/** All of it goes out when the request ends, in order. */
add_action('shutdown', function () use ($goeswith, $tell) {
    $line = fn($l) => ['item_id' => (string) $l['product_id'], 'quantity' => (int) $l['quantity']];
    if (array_filter($goeswith->moved)) $tell('basket_updated', [
        'lines' => array_map($line, array_values(WC()->cart->get_cart()))]);
    if ($goeswith->told) wp_remote_post(GOESWITH_GATEWAY . '/v1/events', ['blocking' => false,
        'headers' => ['Authorization' => 'Bearer ' . GOESWITH_KEY, 'Content-Type' => 'text/plain'],
        'body' => json_encode($goeswith->told)]);
});

/** The order knows its visit, and so does the gateway's webhook: of both kinds of checkout. */
$of_order = function ($order) {
    $order->update_meta_data('goeswith_session', goeswith_session());
    if ($order->get_id()) $order->save(); // a new one is about to be saved
};
add_action('woocommerce_checkout_create_order', $of_order);
add_action('woocommerce_store_api_checkout_update_order_meta', $of_order);
